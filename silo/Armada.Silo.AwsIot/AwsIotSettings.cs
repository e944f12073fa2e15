using Armada.Core.MicroPython;
using Armada.Core.Topics;

namespace Armada.Silo.AwsIot;

/// <summary>Which account's AWS IoT Core is the registry, and how it is used. Credentials are not among it: the SDK finds them.</summary>
public sealed record AwsIotSettings
{
    /// <summary>Region, such as eu-central-1; null for the one that the SDK's settings name.</summary>
    public string? Region { get; init; }

    /// <summary>Another address than AWS's for every call, for tests; null for AWS.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>PEM file of the authority of the broker's certificate; null for "Amazon Root CA 1" of this machine's store.</summary>
    public string? RootCaFile { get; init; }

    /// <summary>Begins the names of what is made in the account beside the devices' things: thing types, groups, policies.</summary>
    public string Prefix { get; init; } = "armada";

    /// <summary>The topics of all devices.</summary>
    public TopicMap Topics { get; init; } = new();

    /// <summary>The topics of MicroPython arms.</summary>
    public MicroPythonTopics MicroPythonTopics { get; init; } = new();

    /// <summary>Most calls of one operation per second, above zero. The account may do 15 of those that provision, by default.</summary>
    public double CallsPerSecond { get; init; } = 10;

    /// <summary>How long a call that AWS refuses for the moment is repeated before it fails.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause before the first repetition; each further one doubles.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long one try may wait for its answer.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(10);
}

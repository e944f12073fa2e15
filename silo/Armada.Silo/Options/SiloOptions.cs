using Armada.Silo.Rooms;
using Armada.Wire.Topics;

namespace Armada.Silo.Options;

/// <summary>Everything a silo is told when it starts.</summary>
public sealed record SiloOptions
{
    /// <summary>Where the silo listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Addresses of the REST door; loopback only: nothing authenticates its callers yet. Port 0 takes a free one.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [new Uri(DefaultUrl)];

    /// <summary>Folder of the documents; made where it is missing.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>How the broker is reached.</summary>
    public LinkOptions Link { get; init; } = new() { ClientId = "armada-silo" };

    /// <summary>The topics of all devices.</summary>
    public TopicMap Topics { get; init; } = new();

    /// <summary>What the values of joints mean in rooms.</summary>
    public RoomUnits RoomUnits { get; init; }
}

/// <summary>An option with which no silo can start; the message names the option and what to do.</summary>
public sealed class SiloOptionsException : Exception
{
    /// <summary>With the one line a person sees.</summary>
    public SiloOptionsException(string message) : base(message)
    {
    }

    /// <summary>With the one line a person sees and its cause.</summary>
    public SiloOptionsException(string message, Exception cause) : base(message, cause)
    {
    }
}

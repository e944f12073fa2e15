using Armada.Core.Devices;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Silo.AwsIot.Broker;
using Armada.Silo.AwsIot.Calls;
using Armada.Silo.AwsIot.Data;
using Armada.Silo.AwsIot.Things;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Silo.AwsIot;

/// <summary>Makes AWS IoT Core a host's registry of devices.</summary>
public static class AwsIotHost
{
    /// <summary>Adds the registry, the devices' shadows and the way for control messages around MQTT.</summary>
    /// <param name="services">With a <see cref="TimeProvider"/> and logging.</param>
    /// <param name="settings">The account.</param>
    public static IServiceCollection AddAwsIot(this IServiceCollection services, AwsIotSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(provider => new AwsAccount(settings, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<AccountSetup>();
        services.AddSingleton<BrokerEndpoint>();
        services.AddSingleton<AwsDeviceRegistry>();
        services.AddSingleton<IDeviceRegistry>(provider => provider.GetRequiredService<AwsDeviceRegistry>());
        services.AddSingleton<DataPlane>();
        services.AddSingleton<IDeviceShadow, AwsDeviceShadow>();
        services.AddSingleton<IControlFallback, AwsControlFallback>();
        services.AddHostedService<RegistryRecovery>();
        return services;
    }
}

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
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause before the first repetition; each further one doubles.</summary>
    public TimeSpan MinRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long one try may wait for its answer.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

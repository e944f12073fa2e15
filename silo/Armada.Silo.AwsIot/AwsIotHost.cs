using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Silo.AwsIot;

public static class AwsIotHost
{
    /// <summary>Adds the registry, the devices' shadows and the HTTPS fallback for control messages.</summary>
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

/// <summary>The account whose AWS IoT Core is the registry, and how it is used. The SDK finds the credentials.</summary>
public sealed record AwsIotSettings
{
    /// <summary>Such as eu-central-1; null: that of the SDK's configuration.</summary>
    public string? Region { get; init; }

    /// <summary>For tests: an address that replaces AWS's in every call.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>PEM file of the broker's certificate authority; null: "Amazon Root CA 1" from this machine's store.</summary>
    public string? RootCaFile { get; init; }

    /// <summary>Prefix of the thing types, groups and policies that are created in the account.</summary>
    public string Prefix { get; init; } = "armada";

    public TopicMap Topics { get; init; } = new();

    public MicroPythonTopics MicroPythonTopics { get; init; } = new();

    /// <summary>Maximum calls per second and operation, above zero. AWS allows 15 for provisioning by default.</summary>
    public double CallsPerSecond { get; init; } = 10;

    /// <summary>How long a call with a transient error is retried before it fails.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause before the first retry; each further one doubles.</summary>
    public TimeSpan MinRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Per attempt.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

using Armada.Core.Devices;
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

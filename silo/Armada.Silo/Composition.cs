using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Armada.Messaging.Link;
using Armada.Silo.Access;
using Armada.Silo.Access.Keys;
using Armada.Silo.Arena;
using Armada.Silo.Audit;
using Armada.Silo.Engine;
using Armada.Silo.Ingress;
using Armada.Silo.MicroPython;
using Armada.Silo.Options;
using Armada.Silo.Remotes;
using Armada.Silo.Rooms;
using Armada.Silo.Sequences;
using Armada.Silo.Store;
using Armada.Silo.Telemetry;
#if CLOUD_MQTTNET
using Armada.Messaging.MqttNet;
#else
using Armada.Messaging.LibMosquitto;
#endif

namespace Armada.Silo;

/// <summary>Which adapter fills which port. The only file that may differ between build profiles.</summary>
internal static class Composition
{
    /// <summary>Adds link, store and engine, and starts engine, link and ticks in this order; they end in the opposite one.</summary>
    public static void AddSilo(this IServiceCollection services, SiloOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(options.Topics);
        services.AddSingleton(options.MicroPythonTopics);
        services.AddSingleton(options.RemoteKeys);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(RobotTiming.Default);
        services.AddMetrics();
        services.AddSingleton<SiloTelemetry>();
        services.AddSingleton<SiloClock>();

#if CLOUD_MQTTNET
        services.AddSingleton<IMqttLink>(provider => new MqttNetLink(
            options.Link, provider.GetRequiredService<ILogger<MqttNetLink>>(), provider.GetRequiredService<TimeProvider>()));
#else
        services.AddSingleton<IMqttLink>(provider => new LibMosquittoLink(
            options.Link, provider.GetRequiredService<ILogger<LibMosquittoLink>>(), provider.GetRequiredService<TimeProvider>()));
#endif
        services.AddSingleton(_ => new DataFolder(options.DataDirectory));
        services.AddSingleton<DocumentStore>();

        services.AddSingleton<DeviceRoutes>();
        services.AddSingleton<DevicePresences>();
        services.AddSingleton<ControlChannel>();
        services.AddSingleton<IDeviceControl>(provider => provider.GetRequiredService<ControlChannel>());
        services.AddSingleton<Outlets>();
        services.AddSingleton<CellParts>();
        services.AddSingleton<HostedRobots>();
        services.AddSingleton<InProcessEngine>();
        services.AddSingleton<IRobotEngine>(provider => provider.GetRequiredService<InProcessEngine>());
        services.AddSingleton<IEngineHealth>(provider => provider.GetRequiredService<InProcessEngine>());
        services.AddSingleton<FrameIngress>();
        services.AddSingleton<MicroPythonIngress>();
        services.AddRooms();

        services.AddSingleton<SequenceLibrary>();
        services.AddSingleton<ISequences>(provider => provider.GetRequiredService<SequenceLibrary>());

        services.AddSingleton(new AuditSize());
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<IAuditTrail>(provider => provider.GetRequiredService<AuditTrail>());

        services.AddArena();

        services.AddHostedService<OtlpExport>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
        services.AddHostedService<AccessHost>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyUses>());
        services.AddHostedService(provider => provider.GetRequiredService<SequenceLibrary>());
        services.AddHostedService<EngineHost>();
        services.AddRemotes();
        services.AddHostedService<DeviceIngress>();
        services.AddHostedService<TickLoop>();
    }
}

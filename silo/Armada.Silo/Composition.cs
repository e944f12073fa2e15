using Armada.Domain.Access;
using Armada.Domain.Devices;
using Armada.Domain.Engine;
using Armada.Domain.Motions;
using Armada.Domain.Robots;
using Armada.Messaging.Link;
using Armada.Silo.Access;
using Armada.Silo.Access.Keys;
using Armada.Silo.Arena;
using Armada.Silo.Audit;
using Armada.Silo.Engine;
using Armada.Silo.Identities;
using Armada.Silo.Identities.Broker;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Ingress;
using Armada.Silo.MicroPython;
using Armada.Silo.Options;
using Armada.Silo.Provisioning;
using Armada.Silo.Remotes;
using Armada.Silo.Rooms;
using Armada.Silo.Sequences;
using Armada.Silo.Store;
using Armada.Silo.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
#if CLOUD_MQTTNET
using Armada.Messaging.MqttNet;
#else
using Armada.Messaging.LibMosquitto;
#endif
#if CLOUD_AWSIOT
using Armada.Silo.AwsIot;
#endif
#if CLOUD_ORLEANS
using Armada.Messaging.Pool;
using Armada.Silo.Orleans.Hosting;
#endif

namespace Armada.Silo;

/// <summary>Which adapter fills which port. The only file that may differ between build profiles.</summary>
internal static class Composition
{
#if CLOUD_AWSIOT
    private static readonly TimeSpan AwsKeepAlive = TimeSpan.FromSeconds(30); // The shortest that AWS takes.

#endif
#if CLOUD_ORLEANS
    private static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(20);

#endif
    /// <summary>Adds a silo: one that hosts every robot itself, or one of a cluster.</summary>
    /// <exception cref="SiloOptionsException">A cluster is asked for and this build has none.</exception>
    public static void AddSilo(this IHostApplicationBuilder builder, SiloOptions options)
    {
        if (options.AwsIot is { } aws)
            builder.Services.AddAwsIdentities(options, aws);
        if (options.Cluster is { } cluster)
            builder.AddSiloOfCluster(options, cluster);
        else
            builder.Services.AddSilo(options);
    }

    /// <summary>Adds a silo that hosts every robot itself; engine, link and ticks start in this order and end in the opposite one.</summary>
    public static void AddSilo(this IServiceCollection services, SiloOptions options)
    {
        services.AddParts(options);
        if (options.Broker is { } broker)
            services.AddOwnIdentities(options, broker);
        services.AddSingleton<IKeyStore>(provider => provider.GetRequiredService<KeyFiles>());
        services.AddHostedService<AccessHost>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyUses>());
        services.AddSingleton<SequenceLibrary>();
        services.AddSingleton<ISequences>(provider => provider.GetRequiredService<SequenceLibrary>());
        services.AddHostedService(provider => provider.GetRequiredService<SequenceLibrary>());
        services.AddSingleton<IStateTopics, EveryDevice>();
        services.AddSingleton<DocumentStore>();
        services.AddSingleton<InProcessEngine>();
        services.AddSingleton<IRobotEngine>(provider => provider.GetRequiredService<InProcessEngine>());
        services.AddSingleton<IEngineHealth>(provider => provider.GetRequiredService<InProcessEngine>());
        services.AddHostedService<EngineHost>();
        services.AddRemotes();
        services.AddHostedService<DeviceIngress>();
        services.AddHostedService<TickLoop>();
    }

#if CLOUD_ORLEANS
    private static void AddSiloOfCluster(this IHostApplicationBuilder builder, SiloOptions options, ClusterSettings cluster)
    {
        builder.Services.AddParts(options);
        builder.Services.AddSingleton<IStateTopics, OwnDevices>();
        builder.Services.AddSingleton(provider => new LinkPool(
            index => MakeLink(provider, options.Link with { ClientId = $"{options.Link.ClientId}-{index}" }),
            provider.GetRequiredService<ILogger<LinkPool>>()));
        builder.Services.AddSingleton<IRobotHosting>(provider => provider.GetRequiredService<HostedRobots>());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = HandOverWithin);
        builder.Services.AddHostedService<DeviceIngress>();
        builder.Services.AddHostedService<TickLoop>(); // Robots that wait to be handed over still need their time.
        var refused = builder.AddCluster(new ClusterPlace
        {
            ClusterId = cluster.ClusterId,
            ServiceId = cluster.ServiceId,
            Redis = cluster.Redis,
            Address = cluster.Endpoint.Address,
            SiloPort = cluster.Endpoint.Port,
            GatewayPort = cluster.GatewayPort,
            Tls = cluster.Tls is { } tls ? new ClusterTls(tls.CaFile, tls.CertificateFile, tls.KeyFile) : null,
        });
        if (refused is not null)
            throw new SiloOptionsException(refused);
        builder.Services.AddHostedService<AccessHost>(); // The keys are the cluster's, so they are read when it is there.
        builder.Services.AddHostedService<KeyRefresh>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<KeyUses>());
        builder.Services.AddRemotes();
    }
#else
    private static void AddSiloOfCluster(this IHostApplicationBuilder builder, SiloOptions options, ClusterSettings cluster) =>
        throw new SiloOptionsException(
            $"--cluster {cluster.ClusterId}: this silo was built without Orleans, so it cannot be one of a cluster; build with -p:Cloud=Orleans");
#endif

#if CLOUD_MQTTNET
    private static MqttNetLink MakeLink(IServiceProvider provider, LinkOptions options, bool isPassing = false) =>
        new(options, Logger<MqttNetLink>(provider, isPassing), provider.GetRequiredService<TimeProvider>());
#else
    private static LibMosquittoLink MakeLink(IServiceProvider provider, LinkOptions options, bool isPassing = false) =>
        new(options, Logger<LibMosquittoLink>(provider, isPassing), provider.GetRequiredService<TimeProvider>());
#endif

    // That a link came up that only takes a device's place would be no news.
    private static ILogger<T> Logger<T>(IServiceProvider provider, bool isPassing) =>
        isPassing ? NullLogger<T>.Instance : provider.GetRequiredService<ILogger<T>>();

    // Before all else, as nothing reaches the broker before it is there.
    private static void AddOwnIdentities(this IServiceCollection services, SiloOptions options, BrokerSettings broker)
    {
        services.AddSingleton(broker);
        services.AddSingleton(CertificateTerms.Default);
        services.AddSingleton(provider => CertificateAuthority.Open(
            provider.GetRequiredService<DataFolder>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CertificateAuthority>>()));
        services.AddSingleton<BrokerFolder>();
        services.AddSingleton<LinkMaker>(provider => link => MakeLink(provider, link, isPassing: true));
        services.AddSingleton(options.Link);
        services.AddSingleton<SupervisedBroker>();
        services.AddSingleton<IBrokerDoor>(provider => provider.GetRequiredService<SupervisedBroker>());
        services.AddSingleton<OwnRegistry>();
        services.AddSingleton<IDeviceRegistry>(provider => provider.GetRequiredService<OwnRegistry>());
        services.AddHostedService<IdentityHost>();
        services.AddRegistryDesks();
    }

#if CLOUD_AWSIOT
    /// <summary>Finds out what a silo must know of its broker before it is built, and gives the options with it.</summary>
    /// <exception cref="SiloOptionsException">It cannot be found out.</exception>
    public static async Task<SiloOptions> PrepareAsync(SiloOptions options, ILoggerFactory logging, CancellationToken cancellation)
    {
        if (options.AwsIot is not { } aws)
            return options;
        var name = options.Link.ClientId;
        if (!name.StartsWith(AwsSilo.NamePrefix, StringComparison.Ordinal))
            throw new SiloOptionsException($"--client-id '{name}' must begin with {AwsSilo.NamePrefix} where --aws-iot is given");
        try
        {
            var place = await AwsSilo.PrepareAsync(
                AccountOf(options, aws), name, Path.Combine(options.DataDirectory, "aws-iot", name), TimeProvider.System, logging.CreateLogger(nameof(AwsSilo)), cancellation);
            var link = options.Link with { Host = place.Host, Port = place.Port, Tls = new(place.CaFile, place.CertificateFile, place.KeyFile), KeepAlive = AwsKeepAlive };
            return options with { Link = link };
        }
        catch (RegistryFailedException refused)
        {
            throw new SiloOptionsException($"--aws-iot: {refused.Message}", refused);
        }
    }

    private static void AddAwsIdentities(this IServiceCollection services, SiloOptions options, AwsIotPlace aws)
    {
        services.AddAwsIot(AccountOf(options, aws));
        services.AddRegistryDesks();
        services.AddHostedService<ClientEvents>();
        services.AddSingleton<DeviceShadows>();
        services.AddHostedService(provider => provider.GetRequiredService<DeviceShadows>());
    }

    private static AwsIotSettings AccountOf(SiloOptions options, AwsIotPlace aws) => new()
    {
        Region = aws.Region,
        Endpoint = aws.Endpoint,
        RootCaFile = aws.RootCaFile,
        Topics = options.Topics,
        MicroPythonTopics = options.MicroPythonTopics,
    };
#else
    /// <summary>Finds out what a silo must know of its broker before it is built: nothing here.</summary>
    public static Task<SiloOptions> PrepareAsync(SiloOptions options, ILoggerFactory logging, CancellationToken cancellation) => Task.FromResult(options);

    private static void AddAwsIdentities(this IServiceCollection services, SiloOptions options, AwsIotPlace aws) =>
        throw new SiloOptionsException("--aws-iot: this silo was built without AWS IoT Core; build with -p:Cloud=AwsIot");
#endif

    private static void AddRegistryDesks(this IServiceCollection services)
    {
        services.AddSingleton<BundleLinks>();
        services.AddSingleton<ProvisioningDesk>();
        services.AddSingleton<EnrolmentDesk>();
        services.AddSingleton<Renewals>();
        services.AddHostedService(provider => provider.GetRequiredService<Renewals>());
    }

    private static void AddParts(this IServiceCollection services, SiloOptions options)
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
        services.AddSingleton<IMqttLink>(provider => MakeLink(provider, provider.GetService<SupervisedBroker>()?.Link ?? options.Link));
        services.AddSingleton(_ => new DataFolder(options.DataDirectory));

        services.AddSingleton<DeviceRoutes>();
        services.AddSingleton<DevicePresences>();
        services.AddSingleton<ControlDetour>();
        services.AddHostedService(provider => provider.GetRequiredService<ControlDetour>());
        services.AddSingleton<ControlChannel>();
        services.AddSingleton<IDeviceControl>(provider => provider.GetRequiredService<ControlChannel>());
        services.AddSingleton<Outlets>();
        services.AddSingleton<CellParts>();
        services.AddSingleton<HostedRobots>();
        services.AddSingleton<FrameIngress>();
        services.AddSingleton<MicroPythonIngress>();
        services.AddRooms();

        services.AddSingleton<Sightings>();
        services.AddSingleton<EnrolmentTokens>();
        services.AddSingleton<IdentityReader>();
        services.AddHostedService(provider => provider.GetRequiredService<Sightings>());

        services.AddSingleton(new AuditSize());
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<IAuditTrail>(provider => provider.GetRequiredService<AuditTrail>());

        services.AddArena();

        services.AddHostedService<OtlpExport>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
    }
}

using Armada.Grains.Identities;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Access.Keys;
using Armada.Silo.Arena;
using Armada.Silo.Audit;
using Armada.Silo.Cluster;
using Armada.Silo.Engine;
using Armada.Silo.Identities;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Ingress;
using Armada.Silo.MicroPython;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Silo.Provisioning;
using Armada.Silo.Remotes;
using Armada.Silo.Rooms;
using Armada.Silo.Sockets;
using Armada.Silo.Store;
using Armada.Silo.Telemetry;
#if AWS_IOT
using Armada.Silo.AwsIot;
#endif

namespace Armada.Silo;

/// <summary>Which adapter fills which port. The only file that knows whether AWS IoT Core is built in.</summary>
internal static class Composition
{
#if AWS_IOT
    private static readonly TimeSpan AwsKeepAlive = TimeSpan.FromSeconds(30); // The shortest that AWS takes.

#endif
    private static readonly TimeSpan DrainWithin = TimeSpan.FromSeconds(20);

    /// <summary>Adds a silo. Its hosted services start in the order of this method and stop in the opposite one.</summary>
    /// <exception cref="SiloOptionsException">An option cannot be used.</exception>
    public static void AddSilo(this IHostApplicationBuilder builder, SiloOptions options)
    {
        var services = builder.Services;
        builder.AddTelemetryExport(options);
        if (options.AwsIot is { } aws)
            services.AddAwsIdentities(options, aws);
        services.AddParts(options);
        if (options.Broker is { } endpoint)
            services.AddDeviceEndpoint(endpoint);
        if (options.HasAuthority)
            services.AddOwnIdentities(options);
        if (options is { Broker: not null, Cluster: not null })
            services.AddSingleton<DeviceRouter>();
        if (options.Cluster is not null)
            services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainWithin);
        services.AddHostedService<DeviceIngress>();
        services.AddHostedService<TickLoop>(); // Robots that wait to be moved still need their ticks.
        if (builder.AddCluster(PlaceOf(options.Cluster), options.DataDirectory) is { } refused)
            throw new SiloOptionsException(refused);
        if (options.HasAuthority)
            services.AddHostedService(provider => provider.GetRequiredService<IdentityCopy>());
        services.AddHostedService(provider => provider.GetRequiredService<DeviceLastSeen>());
        services.AddHostedService<AccessHost>(); // The keys are in the storage that the cluster uses.
        services.AddHostedService<KeyRefresh>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyUses>());
        services.AddRemotes();
        services.AddRooms();
    }

    private static ClusterPlace? PlaceOf(SiloClusterOptions? cluster) => cluster is not { Redis: { } redis } ? null : new()
    {
        ClusterId = cluster.ClusterId,
        ServiceId = cluster.ServiceId,
        Redis = redis,
        Address = cluster.Endpoint.Address,
        SiloPort = cluster.Endpoint.Port,
        GatewayPort = cluster.GatewayPort,
        Tls = cluster.Tls,
        IsGateway = cluster.Role == SiloRole.Gateway,
    };

    private static MqttLink MakeLink(IServiceProvider provider, LinkOptions options) =>
        new(options, provider.GetRequiredService<ILogger<MqttLink>>(), provider.GetRequiredService<TimeProvider>());

    private static void AddDeviceEndpoint(this IServiceCollection services, DeviceEndpointOptions endpoint)
    {
        services.AddSingleton(endpoint);
        services.AddSingleton(endpoint.Rate);
        services.AddSingleton<TopicAccess>();
        services.AddSingleton<TopicTable>();
        services.AddSingleton<EndpointCertificate>();
        services.AddSingleton<DeviceConnections>();
        services.AddSingleton<DeviceAdmission>();
        services.AddSingleton<DeviceSocket>();
        services.AddSingleton<DeviceEndpoint>();
        services.AddSingleton<IMqttLink>(provider => provider.GetRequiredService<DeviceEndpoint>());
    }

    private static void AddOwnIdentities(this IServiceCollection services, SiloOptions options)
    {
        services.AddSingleton(CertificateLifetimes.Default);
        services.AddSingleton(provider => LocalAuthorities.Open(
            options, provider.GetRequiredService<CertificateLifetimes>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CertificateAuthority>>()));
        services.AddSingleton<IDeviceAuthority>(provider => provider.GetRequiredService<LocalAuthorities>());
        services.AddSingleton(BrokerPlace.Of(options));
        services.AddSingleton<IdentityCopy>();
        services.AddSingleton<IDeviceRegistry, OwnRegistry>();
        services.AddProvisioning();
    }

#if AWS_IOT
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
            var link = options.Link with { Hosts = [place.Host], Port = place.Port, Tls = new(place.CaFile, place.CertificateFile, place.KeyFile), KeepAlive = AwsKeepAlive };
            return options with { Link = link };
        }
        catch (RegistryFailedException refused)
        {
            throw new SiloOptionsException($"--aws-iot: {refused.Message}", refused);
        }
    }

    private static void AddAwsIdentities(this IServiceCollection services, SiloOptions options, AwsIotOptions aws)
    {
        services.AddAwsIot(AccountOf(options, aws));
        services.AddProvisioning();
        services.AddHostedService<ClientEvents>();
        services.AddSingleton(provider => new LinkPool(
            index => MakeLink(provider, options.Link with { ClientId = $"{options.Link.ClientId}-{index}" }),
            provider.GetRequiredService<ILogger<LinkPool>>())); // One connection takes 50 subscriptions.
        services.AddHostedSingleton<DeviceShadows>();
    }

    private static AwsIotSettings AccountOf(SiloOptions options, AwsIotOptions aws) => new()
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

    private static void AddAwsIdentities(this IServiceCollection services, SiloOptions options, AwsIotOptions aws) =>
        throw new SiloOptionsException("--aws-iot: this silo was built without AWS IoT Core; build with -p:AwsIot=true");
#endif

    private static void AddProvisioning(this IServiceCollection services)
    {
        services.AddSingleton<BundleLinks>();
        services.AddSingleton<ProvisioningService>();
        services.AddSingleton<EnrollmentService>();
        services.AddHostedSingleton<CertificateRenewal>();
    }

    /// <summary>A hosted service that others use.</summary>
    public static void AddHostedSingleton<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    private static void AddParts(this IServiceCollection services, SiloOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<SocketLimits>();
        services.AddSingleton(options.Topics);
        services.AddSingleton(options.MicroPythonTopics);
        services.AddSingleton(options.RemoteKeys);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(RobotTiming.Default);
        services.AddMetrics();
        services.AddSingleton<SiloTelemetry>();
        services.AddSingleton<SiloClock>();
        if (options.Broker is null)
            services.AddSingleton<IMqttLink>(provider => MakeLink(provider, options.Link));
        services.AddSingleton(provider => new DataFolder(options.DataDirectory, provider.GetRequiredService<ILogger<DataFolder>>()));
        services.AddHostedService(provider => provider.GetRequiredService<DataFolder>());

        services.AddSingleton<DeviceRoutes>();
        services.AddSingleton<DevicePresences>();
        services.AddHostedSingleton<FallbackControlChannel>();
        services.AddSingleton<ControlChannel>();
        services.AddSingleton<IDeviceControl>(provider => provider.GetRequiredService<ControlChannel>());
        services.AddSingleton<ISlaveSinks, SlaveSinks>();
        services.AddSingleton<IRobotTelemetry>(provider => provider.GetRequiredService<SiloTelemetry>());
        services.AddSingleton<IRobotAudit, RobotAudit>();
        services.AddSingleton<RobotServices>();
        services.AddSingleton<HostedRobots>();
        services.AddSingleton<StateSubscriptions>();
        services.AddSingleton<FrameIngress>();
        services.AddSingleton<MicroPythonIngress>();

        services.AddSingleton<DeviceLastSeen>();
        services.AddSingleton<EnrollmentTokens>();
        services.AddSingleton<IdentityReader>();

        services.AddSingleton<AuditTrail>();
        services.AddSingleton<IAuditTrail>(provider => provider.GetRequiredService<AuditTrail>());

        services.AddArena();

        services.AddHostedService<DeviceGauges>();
    }
}

using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Silo.Access.Keys;
using Armada.Silo.Remotes;
using Armada.Silo.Rooms;

namespace Armada.Silo.Options;

/// <summary>Everything a silo is told when it starts.</summary>
public sealed record SiloOptions
{
    internal const string NameRule = "must be 1 to 64 of a-z, A-Z, 0-9, '-' and '_', beginning with a letter or digit";

    public HttpOptions Http { get; init; } = new();

    public OidcOptions? Oidc { get; init; }

    /// <summary>The first admin key, used while there is none; or null.</summary>
    internal ApiKey? AdminKey { get; init; }

    /// <summary>Folder of what survives a restart; created where it is missing.</summary>
    public string DataDirectory { get; init; } = "data";

    public LinkOptions Link { get; init; } = new() { ClientId = "armada-silo" };

    /// <summary>The broker that the silo runs for devices with certificates; null where it uses another one.</summary>
    public DeviceEndpointOptions? Broker { get; init; }

    /// <summary>Folders of the authorities of devices' certificates, oldest first; none for the one in the data folder, if devices connect here.</summary>
    public IReadOnlyList<string> Authorities { get; init; } = [];

    /// <summary>Whether this silo issues devices' certificates.</summary>
    public bool HasAuthority => Broker is not null || Authorities.Count > 0;

    public TopicMap Topics { get; init; } = new();

    public MicroPythonTopics MicroPythonTopics { get; init; } = new();

    public RemoteKeys RemoteKeys { get; init; } = RemoteKeys.None;

    /// <summary>The cluster that the silo is part of; null where it hosts every robot itself.</summary>
    public SiloClusterOptions? Cluster { get; init; }

    /// <summary>The AWS IoT Core that is broker and registry of devices; null where it is not.</summary>
    public AwsIotOptions? AwsIot { get; init; }

    public RoomUnits RoomUnits { get; init; }

    /// <summary>Whether Prometheus is served.</summary>
    public bool Metrics { get; init; }

    /// <summary>Devices that have metrics of their own, however many there are.</summary>
    public IReadOnlyList<string> MetricsDevices { get; init; } = [];

    /// <summary>Levels and form of the log, in the words of the section Logging.</summary>
    public IConfiguration Logging { get; init; } = new ConfigurationBuilder().Build();

    /// <exception cref="SiloOptionsException">Something is wrong; its message has a line for each problem.</exception>
    internal static SiloOptions Read(SiloConfiguration settings)
    {
        var options = new SiloOptions
        {
            Http = HttpOptions.Read(settings),
            Oidc = OidcOptions.Read(settings),
            AdminKey = AdminKeyFile.Read(settings),
            DataDirectory = settings.Text(Settings.Data)!,
            Link = OutsideBroker.Read(settings),
            Broker = DeviceEndpointOptions.Read(settings),
            Authorities = settings.List(Settings.Authority),
            Topics = ReadTopics(settings, Settings.TopicRoot, root => new TopicMap(root)),
            MicroPythonTopics = ReadTopics(settings, Settings.DialectRoot, root => new MicroPythonTopics(root)),
            RemoteKeys = ReadRemoteKeys(settings),
            Cluster = SiloClusterOptions.Read(settings),
            AwsIot = AwsIotOptions.Read(settings),
            RoomUnits = ReadRoomUnits(settings),
            Metrics = settings.Flag(Settings.Metrics),
            MetricsDevices = settings.List(Settings.MetricsDevice),
            Logging = ReadLogging(settings),
        };
        if (options is { Broker: null, AwsIot: null, Cluster.Role: SiloRole.Silo } && !settings.IsSet(Settings.Mqtt))
            options = options with { Broker = new DeviceEndpointOptions() }; // The gateways': its robots' devices are connected there.
        if (options.Topics?.Root is { } root && root == options.MicroPythonTopics?.Root)
            settings.Refuse(Settings.DialectRoot, "must differ from --topic-root, whose topics carry frames");
        CheckBroker(settings, options);
        CheckAuthorities(settings, options);
        string[] problems = [.. settings.Problems, .. options.Http.Problems()];
        return problems.Length == 0 ? options : throw new SiloOptionsException(string.Join('\n', problems));
    }

    // Devices have one broker: an outside one, the silo's own, or AWS IoT Core.
    private static void CheckBroker(SiloConfiguration settings, SiloOptions options)
    {
        if (options.Broker is null && options.AwsIot is null)
            return;
        var chosen = options.Broker is null ? Settings.AwsIot : Settings.Broker;
        if (options.Broker is not null && options.AwsIot is not null)
            settings.Refuse("--aws-iot and --broker are both the devices' broker; give one of them");
        foreach (var outside in OutsideBroker.All.Where(settings.IsSet))
            settings.Refuse($"{settings.NameOf(outside)} names an outside broker, but {settings.NameOf(chosen)} gives devices another one; give one of them");
    }

    private static void CheckAuthorities(SiloConfiguration settings, SiloOptions options)
    {
        if (options.Authorities.FirstOrDefault(folder => !Directory.Exists(folder)) is { } missing)
            settings.Refuse(Settings.Authority, missing, "does not exist; give a folder with ca.pem and ca.key, such as 'armada-silo authority make' makes");
        if (options.AwsIot is not null && options.Authorities.Count > 0)
            settings.Refuse(Settings.Authority, "is of no use with --aws-iot, which issues devices' certificates");
        if (options.Broker is null && options.Authorities.Count > 0 && settings.IsSet(Settings.Mqtt) && options.Link?.Tls is null)
            settings.Refuse(Settings.Authority, "needs --mqtt-ca with an outside broker, which devices with certificates reach by TLS alone");
        if (options.Broker is not null && options.Cluster is not null && options.Authorities.Count == 0)
            settings.Refuse(settings.IsSet(Settings.Broker) ? Settings.Broker : Settings.Role, "needs --authority in a cluster, the same one for every silo; 'armada-silo authority make' makes one");
    }

    private static T ReadTopics<T>(SiloConfiguration settings, Setting setting, Func<string, T> make)
        where T : class
    {
        try
        {
            return make(settings.Text(setting)!);
        }
        catch (ArgumentException)
        {
            settings.Refuse(setting, "must be one to three levels without wildcards");
            return null!; // What was refused never leaves Read.
        }
    }

    private static RemoteKeys ReadRemoteKeys(SiloConfiguration settings)
    {
        try
        {
            return settings.Text(Settings.RemoteKeys) is { } file ? RemoteKeys.Read(file) : RemoteKeys.None;
        }
        catch (SiloOptionsException refused)
        {
            settings.Refuse(refused.Message);
            return RemoteKeys.None;
        }
    }

    private static RoomUnits ReadRoomUnits(SiloConfiguration settings)
    {
        if (settings.Text(Settings.RoomUnits) is not ("joint" or "normalized"))
            settings.Refuse(Settings.RoomUnits, "must be joint or normalized");
        return settings.Text(Settings.RoomUnits) == "normalized" ? RoomUnits.Normalized : RoomUnits.Joint;
    }

    private static IConfigurationSection ReadLogging(SiloConfiguration settings)
    {
        var logging = settings.Logging;
        if (settings.Text(Settings.Log) is not ("line" or "json"))
            settings.Refuse(Settings.Log, "must be line or json");
        else if (settings.IsSet(Settings.Log))
            logging["Console:FormatterName"] = settings.Text(Settings.Log) == "json" ? "json" : "simple";
        if (logging["Console:FormatterName"] is { } formatter && formatter is not ("simple" or "json" or "systemd"))
            settings.Refuse($"Logging:Console:FormatterName '{formatter}' must be simple, json or systemd");
        foreach (var level in logging.AsEnumerable().Where(item => item.Value is not null && item.Key.Contains("LogLevel:", StringComparison.OrdinalIgnoreCase)))
        {
            if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
                settings.Refuse($"{level.Key} '{level.Value}' must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}");
        }

        return logging;
    }
}

/// <summary>Options with which no silo can start; each line of the message names a setting, what is wrong with it and what to do.</summary>
public sealed class SiloOptionsException(string message, Exception? cause = null) : Exception(message, cause);

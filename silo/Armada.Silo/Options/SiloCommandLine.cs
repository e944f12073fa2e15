using System.CommandLine;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Access.Keys;
using Armada.Silo.Remotes;
using Armada.Silo.Rooms;
using Armada.Silo.Store;

namespace Armada.Silo.Options;

/// <summary>The command line of the silo.</summary>
internal sealed class SiloCommandLine
{
    private const int BadOption = 2;

    private readonly HttpOptions doors = new();

    private readonly ClusterCliOptions cluster = new();

    private readonly BrokerCliOptions broker = new();

    private readonly AwsIotCliOptions aws = new();

    private readonly Option<string> data = new("--data")
    {
        Description = "Folder that keeps robots, bindings, keys and the audit trail.",
        DefaultValueFactory = _ => "./data",
        Recursive = true,
    };

    private readonly Option<string> mqtt = new("--mqtt")
    {
        Description = "Broker as host:port; [address]:port for IPv6.",
        DefaultValueFactory = _ => "127.0.0.1:1883",
    };

    private readonly Option<string?> ca = new("--mqtt-ca")
    {
        Description = "PEM file of the authority that signed the broker's certificate; turns TLS on.",
    };

    private readonly Option<string?> certificate = new("--mqtt-cert") { Description = "PEM file of the silo's client certificate." };

    private readonly Option<string?> key = new("--mqtt-key") { Description = "PEM file of the silo's private key." };

    private readonly Option<string> topicRoot = new("--topic-root")
    {
        Description = "First levels of every topic.",
        DefaultValueFactory = _ => TopicMap.DefaultRoot,
    };

    private readonly Option<string> dialectRoot = new("--dialect-root")
    {
        Description = "First levels of the topics of MicroPython arms.",
        DefaultValueFactory = _ => MicroPythonTopics.DefaultRoot,
    };

    private readonly Option<string> clientId = new("--client-id")
    {
        Description = "MQTT client id; two silos on one broker need two.",
        DefaultValueFactory = _ => "armada-silo",
    };

    private readonly Option<string?> remoteKeys = new("--remote-keys")
    {
        Description = "JSON file of host:port and key for the doors of remote slaves; mode 0600.",
    };

    private readonly Option<string> roomUnits = new("--room-units")
    {
        Description = "Values in rooms: joint for degrees and percent, normalized for -100..100 over a joint's limits.",
        DefaultValueFactory = _ => "joint",
    };

    /// <summary>Reads the arguments and runs the silo, or a command on its data folder; 2 where an option is wrong.</summary>
    public async Task<int> RunAsync(
        IReadOnlyList<string> args, Func<SiloOptions, CancellationToken, Task> run, TextWriter output, TextWriter errors)
    {
        var root = new RootCommand("Armada silo: routes the samples of leader arms to follower arms.")
        {
            data, mqtt, ca, certificate, key, topicRoot, dialectRoot, clientId, remoteKeys, roomUnits,
        };
        doors.AddTo(root);
        cluster.AddTo(root);
        broker.AddTo(root);
        aws.AddTo(root);
        root.Add(new KeyCommands(data, TimeProvider.System).Make(output));
        root.SetAction(async (line, cancellation) =>
        {
            await run(Read(line), cancellation);
            return 0;
        });

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
            return await RefuseAsync(parsed.Errors[0].Message, errors);
        try
        {
            // The host ends on signals by itself, in order, so the command line leaves them alone.
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (SiloOptionsException refused)
        {
            return await RefuseAsync(refused.Message, errors);
        }
        catch (NotStoredException refused)
        {
            return await RefuseAsync(refused.Message, errors);
        }
        catch (LinkConfigurationException refused)
        {
            return await RefuseAsync(refused.Message, errors);
        }
    }

    private static async Task<int> RefuseAsync(string message, TextWriter errors)
    {
        await errors.WriteLineAsync($"armada-silo: {message}");
        return BadOption;
    }

    private SiloOptions Read(ParseResult line)
    {
        var options = doors.Read(line, new SiloOptions
        {
            DataDirectory = line.GetRequiredValue(data),
            Link = ReadLink(line),
            Topics = ReadTopics(topicRoot, line, root => new TopicMap(root)),
            MicroPythonTopics = ReadTopics(dialectRoot, line, root => new MicroPythonTopics(root)),
            RemoteKeys = line.GetValue(remoteKeys) is { } file ? RemoteKeys.Read(file) : RemoteKeys.None,
            Cluster = cluster.Read(line),
            Broker = ReadBroker(line),
            AwsIot = ReadAwsIot(line),
            RoomUnits = ReadRoomUnits(line.GetRequiredValue(roomUnits)),
        });
        if (options.Topics.Root == options.MicroPythonTopics.Root)
            throw new SiloOptionsException("--dialect-root must differ from --topic-root: JSON on a topic of frames would be no frame");
        HttpOptionsValidator.Check(options);
        return options;
    }

    private BrokerSettings? ReadBroker(ParseResult line)
    {
        var settings = broker.Read(line);
        if (settings is null)
            return null;
        if (((Option[])[mqtt, ca, certificate, key]).FirstOrDefault(option => line.GetResult(option) is { Implicit: false }) is { } other)
            throw new SiloOptionsException($"--broker runs a broker of the silo's own, and {other.Name} says where another one is; give one of them");
        if (cluster.Read(line) is not null)
            throw new SiloOptionsException("--broker is one silo's own and cannot serve a cluster; give all silos the same broker with --mqtt");
        return settings;
    }

    private AwsIotOptions? ReadAwsIot(ParseResult line)
    {
        if (aws.Read(line) is not { } place)
            return null;
        if (broker.Read(line) is not null)
            throw new SiloOptionsException("--aws-iot and --broker are both the devices' broker; give one of them");
        if (((Option[])[mqtt, ca, certificate, key]).FirstOrDefault(option => line.GetResult(option) is { Implicit: false }) is { } other)
            throw new SiloOptionsException($"--aws-iot finds out where its broker is, and {other.Name} says where another one is; give one of them");
        return place;
    }

    private LinkOptions ReadLink(ParseResult line)
    {
        var (host, port) = BrokerAddress.Parse(line.GetRequiredValue(mqtt));
        var id = line.GetRequiredValue(clientId);
        if (!DeviceName.IsValid(id))
            throw new SiloOptionsException($"--client-id '{id}' must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-' and '_'");
        return new LinkOptions { ClientId = id, Host = host, Port = port, Tls = ReadTls(line) };
    }

    private LinkTls? ReadTls(ParseResult line)
    {
        var files = (Ca: line.GetValue(ca), Certificate: line.GetValue(certificate), Key: line.GetValue(key));
        foreach (var (option, file) in new[] { (ca, files.Ca), (certificate, files.Certificate), (key, files.Key) })
        {
            if (file is not null && !File.Exists(file))
                throw new SiloOptionsException($"{option.Name} '{file}' is no file");
        }

        if (files.Ca is null && (files.Certificate ?? files.Key) is not null)
            throw new SiloOptionsException("--mqtt-cert and --mqtt-key need --mqtt-ca, the authority of the broker's certificate");
        if (files.Certificate is null != files.Key is null)
            throw new SiloOptionsException("--mqtt-cert and --mqtt-key are given together or not at all");
        return files.Ca is null ? null : new LinkTls(files.Ca, files.Certificate, files.Key);
    }

    private static RoomUnits ReadRoomUnits(string text) => text switch
    {
        "joint" => RoomUnits.Joint,
        "normalized" => RoomUnits.Normalized,
        _ => throw new SiloOptionsException($"--room-units '{text}' must be joint or normalized"),
    };

    private static T ReadTopics<T>(Option<string> option, ParseResult line, Func<string, T> make)
    {
        var root = line.GetRequiredValue(option);
        try
        {
            return make(root);
        }
        catch (ArgumentException refused)
        {
            throw new SiloOptionsException($"{option.Name} '{root}' must be one to three levels without wildcards", refused);
        }
    }
}

using System.CommandLine;
using System.Net;
using Armada.Core.Topics;

namespace Armada.Silo.Options;

/// <summary>The options of the command line about a cluster.</summary>
internal sealed class ClusterCliOptions
{
    private readonly Option<string?> cluster = new("--cluster")
    {
        Description = "Run robots as grains on the cluster of this id; without it this silo hosts every robot itself.",
    };

    private readonly Option<string> service = new("--service-id")
    {
        Description = "Id under which the cluster's robots are stored; the same over all deployments.",
        DefaultValueFactory = _ => "armada",
    };

    private readonly Option<string?> redis = new("--redis")
    {
        Description = "Redis of the cluster, such as host:6379; without it the cluster is this process and forgets its robots at its end.",
    };

    private readonly Option<string> endpoint = new("--silo-endpoint")
    {
        Description = "Address and port by which the other silos reach this one.",
        DefaultValueFactory = _ => "127.0.0.1:11111",
    };

    private readonly Option<int> gateway = new("--gateway-port")
    {
        Description = "Port for agents that stream straight into the cluster.",
        DefaultValueFactory = _ => 30000,
    };

    private readonly Option<string?> ca = new("--cluster-ca") { Description = "PEM file of the authority of the cluster's certificates; turns TLS on." };

    private readonly Option<string?> certificate = new("--cluster-cert") { Description = "PEM file of this silo's certificate in the cluster, good for servers and clients." };

    private readonly Option<string?> key = new("--cluster-key") { Description = "PEM file of its private key." };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[cluster, service, redis, endpoint, gateway, ca, certificate, key])
            command.Add(option);
    }

    /// <summary>What was said; null for no cluster.</summary>
    /// <exception cref="SiloOptionsException">Something is wrong with it.</exception>
    public ClusterSettings? Read(ParseResult line)
    {
        if (line.GetValue(cluster) is not { } id)
            return line.GetValue(redis) is null ? null : throw new SiloOptionsException("--redis needs --cluster, the id of the cluster");
        CheckId("--cluster", id);
        CheckId("--service-id", line.GetRequiredValue(service));
        if (!IPEndPoint.TryParse(line.GetRequiredValue(endpoint), out var place) || place.Port == 0)
            throw new SiloOptionsException($"--silo-endpoint '{line.GetRequiredValue(endpoint)}' must be address:port, such as 10.0.0.5:11111");
        if (place.Address.Equals(IPAddress.Any) || place.Address.Equals(IPAddress.IPv6Any))
            throw new SiloOptionsException($"--silo-endpoint '{place}' must be the address that the other silos dial, not every address");
        if (line.GetRequiredValue(gateway) is < 1 or > IPEndPoint.MaxPort)
            throw new SiloOptionsException($"--gateway-port must be 1 to {IPEndPoint.MaxPort}");
        return new ClusterSettings(id, line.GetRequiredValue(service), line.GetValue(redis), place, line.GetRequiredValue(gateway), ReadTls(line));
    }

    private static void CheckId(string option, string id)
    {
        if (!DeviceName.IsValid(id))
            throw new SiloOptionsException($"{option} '{id}' must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-' and '_'");
    }

    private ClusterTlsFiles? ReadTls(ParseResult line)
    {
        var files = new[] { ca, certificate, key }.Select(option => (option.Name, File: line.GetValue(option))).ToArray();
        if (files.All(file => file.File is null))
            return null;
        foreach (var (name, file) in files)
        {
            if (file is null)
                throw new SiloOptionsException($"--cluster-ca, --cluster-cert and --cluster-key are given together or not at all; {name} is missing");
            if (!File.Exists(file))
                throw new SiloOptionsException($"{name} '{file}' is no file");
        }

        return new ClusterTlsFiles(files[0].File!, files[1].File!, files[2].File!);
    }
}

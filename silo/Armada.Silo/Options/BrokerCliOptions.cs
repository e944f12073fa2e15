using System.CommandLine;
using System.Globalization;
using System.Net;
using Armada.Silo.Identities;

namespace Armada.Silo.Options;

/// <summary>The options of the command line about the silo's own broker and the identities that it asks for.</summary>
internal sealed class BrokerCliOptions
{
    private readonly Option<string?> broker = new("--broker")
    {
        Description = "Run mosquitto for devices with certificates, on this port or address:port; 8883 is the one in MicroPython boards' programs.",
    };

    private readonly Option<string[]> hosts = new("--broker-host")
    {
        Description = "Name or address by which devices reach that broker; may be given again, and devices are told the first one.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int?> plain = new("--broker-plain")
    {
        Description = "Port on loopback on which that broker lets anybody in without TLS; for development.",
    };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[broker, hosts, plain])
            command.Add(option);
    }

    /// <summary>What was said; null for no broker of the silo's own.</summary>
    /// <exception cref="SiloOptionsException">Something is wrong with it.</exception>
    public BrokerSettings? Read(ParseResult line)
    {
        var named = line.GetRequiredValue(hosts);
        if (line.GetValue(broker) is not { } text)
        {
            if (named.Length > 0 || line.GetValue(plain) is not null)
                throw new SiloOptionsException("--broker-host and --broker-plain need --broker, the port of the silo's own broker");
            return null;
        }

        var (address, port) = Parse(text);
        if (named.FirstOrDefault(host => !HostName.IsValid(host)) is { } wrong)
            throw new SiloOptionsException($"--broker-host '{wrong}' is no host name or address");
        if (line.GetValue(plain) is < 1 or > IPEndPoint.MaxPort)
            throw new SiloOptionsException($"--broker-plain must be 1 to {IPEndPoint.MaxPort}");
        if (line.GetValue(plain) == port)
            throw new SiloOptionsException($"--broker-plain {port} is the port of --broker too; choose another one");
        return new BrokerSettings
        {
            Address = address,
            Port = port,
            Hosts = named.Length > 0 ? named : [DefaultHost(address)],
            PlainPort = line.GetValue(plain),
        };
    }

    private static (IPAddress? Address, int Port) Parse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= IPEndPoint.MaxPort)
            return (null, port);
        if (text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out var place) && place.Port > 0)
            return (place.Address.Equals(IPAddress.Any) || place.Address.Equals(IPAddress.IPv6Any) ? null : place.Address, place.Port);
        throw new SiloOptionsException($"--broker '{text}' must be a port or address:port, such as 8883 or 192.0.2.10:8883");
    }

    // What listens everywhere is reached by the machine's name, at least where names are looked up.
    private static string DefaultHost(IPAddress? address)
    {
        if (address is not null)
            return address.ToString();
        var name = Dns.GetHostName();
        return HostName.IsValid(name)
            ? name
            : throw new SiloOptionsException($"--broker needs --broker-host: this machine's name '{name}' cannot stand in a certificate");
    }
}

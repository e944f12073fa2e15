using System.Globalization;
using System.IO.Compression;
using System.Text;
using Armada.Core.MicroPython;
using Armada.Silo.Options;

namespace Armada.Silo.Identities;

/// <summary>An archive with a device's identity. It may contain a private key, so it is never stored.</summary>
internal sealed record Bundle(string FileName, ReadOnlyMemory<byte> Zip)
{
    private const int RegularFile = 0x8000; // S_IFREG; the upper half of an entry's attributes is its mode.
    private const int ForAll = 0x1A4; // 0644
    private const int OwnerOnly = 0x180; // 0600

    public static Bundle Pack(string name, DateTimeOffset at, IEnumerable<(string Path, ReadOnlyMemory<byte> Content, bool IsSecret)> files)
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, content, isSecret) in files)
            {
                var entry = archive.CreateEntry(path);
                entry.LastWriteTime = at;
                entry.ExternalAttributes = (RegularFile | (isSecret ? OwnerOnly : ForAll)) << 16;
                using var stream = entry.Open();
                stream.Write(content.Span);
            }
        }

        return new Bundle($"{name}.zip", zip.ToArray());
    }

    public static ReadOnlyMemory<byte> Text(string text) => Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"));

    /// <summary>The name or address in host or host:port.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static string NameOf(string host) => HostPort.TryParse(host, DeviceEndpointOptions.DefaultPort, out var broker) && HostName.IsValid(broker.Host)
        ? broker.Host
        : throw new ArgumentException($"'{host}' is no host name or address", nameof(host));

    public override string ToString() => $"{nameof(Bundle)} {FileName}"; // Without the content.
}

/// <summary>The bundle of an agent or one of its devices: PEM files, named as in an agent's configuration.</summary>
internal static class AgentBundle
{
    /// <param name="authorities">Those that the device trusts, PEM.</param>
    public static Bundle Pack(IssuedIdentity identity, string authorities, IReadOnlyList<string> hosts, int port, DateTimeOffset at)
    {
        foreach (var host in hosts)
            Bundle.NameOf(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        var name = identity.Certificate.Name;
        List<(string, ReadOnlyMemory<byte>, bool)> files =
        [
            ("README.txt", Bundle.Text(Readme(identity, hosts, port)), false),
            ("ca.pem", Bundle.Text(authorities), false),
            ($"{name}.pem", Bundle.Text(identity.Certificate.Pem), false),
        ];
        if (identity.Key is { } key)
            files.Add(($"{name}.key", Bundle.Text(key.Pem()), true));
        return Bundle.Pack(name, at, files);
    }

    private static string Readme(IssuedIdentity identity, IReadOnlyList<string> hosts, int port)
    {
        var name = identity.Certificate.Name;
        var key = identity.Key is null
            ? $"Put the private key that the request was made with beside them, as {name}.key, in PEM."
            : $"{name}.key is the private key. There is no other copy.";
        return $$"""
            The identity of {{name}}, good until {{identity.Certificate.NotAfter:yyyy-MM-dd}}.

            ca.pem     the authority; the broker's certificate must come from it
            {{name}}.pem  the certificate
            {{name}}.key  the private key

            1. Put the files into the folder of the agent's configuration.
               {{key}}
            2. Let nobody but the agent's user read the key: chmod 600 {{name}}.key
            3. Say in the agent's configuration where the broker is:

               "broker": {
                 "hosts": [{{string.Join(", ", hosts.Select(host => $"\"{host}\""))}}],
                 "port": {{port}},
                 "tls": { "ca": "ca.pem", "certificate": "{device}.pem", "key": "{device}.key" }
               }

               {device} stands for the device's name, so one line serves all devices of an agent.
            4. Delete this archive.

            """;
    }
}

/// <summary>
/// The bundle of a MicroPython board, laid out as its program expects it: <c>config/&lt;thing&gt;/</c> with <c>cert.der</c>,
/// <c>key.der</c> and <c>config_aws.py</c>.
/// </summary>
internal static class BoardBundle
{
    private const string IgnoredTopic = "action"; // A leader's program must subscribe to something; nobody publishes there.
    private const string Partition = "device_name"; // The member of a leader's JSON that names the device.

    /// <param name="authorities">Those that the device trusts, PEM; a board reads one in DER, which is the first.</param>
    public static Bundle Pack(
        IssuedIdentity identity, string authorities, BoardRole role, string host, MicroPythonTopics topics, DateTimeOffset at)
    {
        var thing = identity.Certificate.Name;
        var folder = $"config/{thing}";
        List<(string, ReadOnlyMemory<byte>, bool)> files =
        [
            ("README.txt", Bundle.Text(Readme(identity, role)), false),
            ($"{folder}/config_aws.py", Bundle.Text(Configuration(thing, role, Bundle.NameOf(host), topics)), false),
            ($"{folder}/cert.der", identity.Certificate.Der, false),
            ($"{folder}/ca.der", IssuedCertificate.Of("authority", authorities).Der, false),
            ($"{folder}/ca.pem", Bundle.Text(authorities), false),
        ];
        if (identity.Key is { } key)
            files.Add(($"{folder}/key.der", key.Der(), true));
        return Bundle.Pack(thing, at, files);
    }

    public static string ActionTopic(MicroPythonTopics topics, string thing) => $"{topics.Root}/{thing}/{IgnoredTopic}";

    private static string Configuration(string thing, BoardRole role, string host, MicroPythonTopics topics)
    {
        var own = topics.Of(thing);
        var heard = role == BoardRole.Follower ? own : ActionTopic(topics, thing);
        return $"""
            AWS_ENDPOINT = {Literal(host)}
            THING_NAME = {Literal(thing)}
            PUB_TOPIC = {Literal(own)}
            SUB_TOPIC = {Literal(heard)}
            PARTITION_KEY = {Literal(Partition)}

            """;
    }

    // A topic root may contain any character, and must not become Python code.
    private static string Literal(string text)
    {
        var literal = new StringBuilder("b'");
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (octet is < 0x20 or > 0x7E or (byte)'\'' or (byte)'\\')
                literal.Append(CultureInfo.InvariantCulture, $"\\x{octet:x2}");
            else
                literal.Append((char)octet);
        }

        return literal.Append('\'').ToString();
    }

    private static string Readme(IssuedIdentity identity, BoardRole role)
    {
        var thing = identity.Certificate.Name;
        var (word, program) = role == BoardRole.Leader ? ("leader", "lerobot-leader-aws.py") : ("follower", "lerobot-follower-aws.py");
        var key = identity.Key is null
            ? $"Put the private key that the request was made with into config/{thing}/ as key.der, in DER."
            : "key.der is the private key. There is no other copy.";
        return $"""
            The identity of {thing}, a {word} arm on a MicroPython board, good until {identity.Certificate.NotAfter:yyyy-MM-dd}.

            config/{thing}/cert.der       the certificate
            config/{thing}/key.der        the private key
            config/{thing}/ca.der         the authority of the broker's certificate (ca.pem: the same as text)
            config/{thing}/config_aws.py  where the broker is, the thing's name and its topics

            1. {key}
            2. Say in the arm's program, {program}, which thing it is: AWS_ENV = '{thing}'
            3. Copy everything to the board, with your own config_wifi.py:

                 mpremote cp {program} :main.py
                 mpremote cp config_wifi.py :
                 mpremote cp -r config :

            4. The program trusts any broker unless it is told whom to trust. Set the board's clock (ntptime), read
               config/{thing}/ca.der and add to its ssl_params: 'cadata': <what was read>, 'cert_reqs': ssl.CERT_REQUIRED
            5. Restart the board, and delete this archive and the copies of key.der on this computer.

            """;
    }
}

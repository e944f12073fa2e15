using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Broker;

/// <summary>
/// The folder <c>broker</c> of the silo's data: all that mosquitto reads. It is written anew at each start; nothing in it is the truth
/// about anything.
/// </summary>
internal sealed class BrokerFolder
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(2 * 365);

    private readonly string path;
    private readonly SupervisedBrokerOptions settings;
    private readonly CertificateAuthority authority;
    private readonly TopicMap topics;
    private readonly MicroPythonTopics dialect;
    private readonly TimeProvider time;
    private DateTimeOffset renewAt = DateTimeOffset.MinValue;
    private bool isAccessWritten;

    public BrokerFolder(
        DataFolder data, SupervisedBrokerOptions settings, CertificateAuthority authority, TopicMap topics, MicroPythonTopics dialect, TimeProvider time)
    {
        (this.settings, this.authority, this.topics, this.dialect, this.time) = (settings, authority, topics, dialect, time);
        path = Path.GetFullPath(data.Folder("broker"));
    }

    public string ConfigurationFile => File("mosquitto.conf");

    /// <summary>The certificate, trusted by nobody but the inner listener and who connects there, of the silo.</summary>
    public string InnerCertificate => File("silo.pem");

    public string InnerKey => File("silo.key");

    /// <param name="innerPort">Port on loopback where the silo itself comes in, and nobody else.</param>
    /// <exception cref="SiloOptionsException">The disk refused.</exception>
    public void Prepare(int innerPort)
    {
        try
        {
            WriteInner();
            RenewServer();
            if (!isAccessWritten)
                WriteAccess([]);
            Write("mosquitto.conf", Configuration(innerPort));
            WriteWatch(innerPort);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException($"the broker's files cannot be written to '{path}': {refused.Message}", refused);
        }
    }

    /// <summary>Gives the broker a new certificate where half the time of its present one is over.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void RenewServer()
    {
        var now = time.GetUtcNow();
        if (now < renewAt)
            return;
        var issued = authority.IssueBroker([.. settings.Hosts], Validity);
        Write("server.key", issued.Key!.Pem(), AuthorityFolder.OwnerOnly);
        Write("server.pem", issued.Certificate.Pem);
        renewAt = now + ((issued.Certificate.NotAfter - now) / 2);
    }

    /// <summary>Writes who may speak where.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void WriteAccess(IEnumerable<Board> boards)
    {
        var lines = new StringBuilder();
        if (settings.PlainPort is not null)
            lines.Append("# Whoever comes in on loopback without a name.\ntopic readwrite #\n\n");
        lines.Append(CultureInfo.InvariantCulture, $"""
            user {CertificateAuthority.SiloName}
            topic readwrite {topics.Root}/#
            topic readwrite {dialect.Root}/#

            """);
        foreach (var board in boards)
        {
            lines.Append(CultureInfo.InvariantCulture, $"\nuser {board.Thing}\n");
            if (board.Role == BoardRole.Follower)
            {
                lines.Append(CultureInfo.InvariantCulture, $"topic read {dialect.Of(board.Thing)}\n");
                continue;
            }

            lines.Append(CultureInfo.InvariantCulture, $"topic write {dialect.Of(board.Thing)}\n");
            lines.Append(CultureInfo.InvariantCulture, $"topic read {BoardBundle.ActionTopic(dialect, board.Thing)}\n");
        }

        lines.Append("\n# Every device, its own topics and no others; %u is the name in its certificate.\n");
        foreach (var (access, channel) in new[]
        {
            ("write", Channel.State), ("write", Channel.Presence), ("write", Channel.ControlReply), ("read", Channel.Command), ("read", Channel.Control),
        })
        {
            lines.Append(CultureInfo.InvariantCulture, $"pattern {access} {topics.Of("%u", channel)}\n");
        }

        Write("acl", lines.ToString(), AuthorityFolder.OwnerOnly);
        isAccessWritten = true;
    }

    private string Configuration(int innerPort)
    {
        var lines = new StringBuilder($"""
            # Written by the silo at each start.
            per_listener_settings false
            allow_anonymous {(settings.PlainPort is null ? "false" : "true")}
            acl_file {File("acl")}
            persistence false
            set_tcp_nodelay true
            max_queued_messages 10000
            log_dest stderr
            log_type error
            log_type warning
            log_type information
            # As root the broker would change to its own user, who may not read these files.
            user {Environment.UserName}

            # Devices: by certificate, each under its name, which is its client id too.
            listener {settings.Port}{(settings.Address is { } address ? $" {address}" : "")}
            cafile {Path.GetFullPath(authority.Folder.CertificateFile)}
            crlfile {Path.GetFullPath(authority.Folder.ListFile)}
            certfile {File("server.pem")}
            keyfile {File("server.key")}
            require_certificate true
            use_identity_as_username true
            use_username_as_clientid true
            tls_version tlsv1.2

            # The silo, and nobody else: its certificate is the only one that is trusted here.
            listener {innerPort} 127.0.0.1
            cafile {InnerCertificate}
            certfile {InnerCertificate}
            keyfile {InnerKey}
            require_certificate true
            use_identity_as_username true
            tls_version tlsv1.2

            """);
        if (settings.PlainPort is { } plain)
            lines.Append(CultureInfo.InvariantCulture, $"\n# Anybody on this machine; for development.\nlistener {plain} 127.0.0.1\n");
        return lines.ToString();
    }

    private void WriteInner()
    {
        using var key = P256.Create();
        var now = time.GetUtcNow();
        var profile = CertificateProfile.Broker(CertificateAuthority.SiloName, [], new PublicKey(key));
        using var certificate = profile.Create(
            profile.SubjectName, // The very bytes: an issuer of another string type is not the subject, and the certificate not its own root.
            X509SignatureGenerator.CreateForECDsa(key),
            now - CertificateAuthority.ClockSkew,
            now.AddYears(CertificateAuthority.Years),
            RandomNumberGenerator.GetBytes(8));
        Write("silo.key", key.ExportPkcs8PrivateKeyPem() + "\n", AuthorityFolder.OwnerOnly);
        Write("silo.pem", certificate.ExportCertificatePem() + "\n");
    }

    // Whoever may read the silo's key may look on as the silo: mosquitto_sub takes its options from here.
    private void WriteWatch(int innerPort)
    {
        Directory.CreateDirectory(File("watch"));
        Write("watch/mosquitto_sub", $"""
            -h 127.0.0.1
            -p {innerPort}
            --cafile {InnerCertificate}
            --cert {InnerCertificate}
            --key {InnerKey}

            """);
    }

    private string File(string name) => Path.Combine(path, name);

    private void Write(string name, string text, UnixFileMode? mode = null) =>
        DurableFile.Write(File(name), Encoding.UTF8.GetBytes(text), mode);
}

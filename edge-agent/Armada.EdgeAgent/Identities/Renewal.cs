using System.Text;
using System.Threading.Channels;
using Armada.Core.Control;
using Armada.EdgeAgent.Devices;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Identities;

/// <summary>Renews a device's certificate as the silo asks: makes the key, keeps the certificate, and connects anew with it when the
/// arm does not move. Files are written here and not on the link's thread, where commands would wait for the disk.</summary>
internal sealed partial class Renewal(
    Device device, CredentialFiles files, string? authorityFile, IMqttLink link, TimeProvider time, ILogger<Renewal> logger)
{
    private const int MaxWaiting = 16;

    // So long before the end of the old certificate an arm that never rests is disconnected for the new one.
    private static readonly TimeSpan Reserve = TimeSpan.FromHours(24);

    // How often a moving arm is checked.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    // An agent's devices share the file.
    private static readonly Lock StoringAuthorities = new();

    private readonly Channel<ControlMessage?> waiting = Channel.CreateBounded<ControlMessage?>(MaxWaiting);
    private volatile string? presented;
    private (string Key, string Request)? asked;
    private DateTimeOffset? reconnectBy;

    public Action<ControlReply>? Replied { get; set; }

    /// <summary>SHA-256 of the certificate of the present connection; null while there is none.</summary>
    public string? PresentedCertificate => presented;

    /// <summary>Completes or removes what a power cut left of a renewal; before the files are used.</summary>
    /// <exception cref="ConfigurationException">The files or their folder cannot be written.</exception>
    public void Recover()
    {
        try
        {
            files.Recover();
        }
        catch (Exception e) when (IsDisk(e))
        {
            throw new ConfigurationException($"device '{device.Name}': its certificate's files cannot be put in order: {e.Message}", e);
        }
    }

    /// <summary>Notes which certificate the connection was made with. On the link's thread, as the next.</summary>
    public void Connected() => presented = Fingerprint();

    public void Disconnected() => presented = null;

    public bool TryAdd(ControlMessage message) => waiting.Writer.TryWrite(message);

    public async Task RunAsync(CancellationToken cancellation)
    {
        // A full channel needs no poll: each message that waits in it polls too.
        await using var poll = time.CreateTimer(_ => waiting.Writer.TryWrite(null), null, Due(), Timeout.InfiniteTimeSpan);
        await foreach (var message in waiting.Reader.ReadAllAsync(cancellation))
        {
            if (message is not null)
                Handle(message);
            ReconnectIfDue();
            poll.Change(Due(), Timeout.InfiniteTimeSpan);
        }

        TimeSpan Due() => reconnectBy is null ? Timeout.InfiniteTimeSpan : PollInterval;
    }

    private void Handle(ControlMessage message)
    {
        try
        {
            var reply = Try(message);
            if (reply.Error is { } error)
                LogRefused(device.Name, message.Op, message.Id, error);
            Replied?.Invoke(reply);
        }
#pragma warning disable CA1031 // The top of the renewal's loop: a fault of one message may not end it.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogFault(fault, device.Name, message.Id);
        }
    }

    private ControlReply Try(ControlMessage message)
    {
        try
        {
            if (message.Op == ControlOp.Renew)
                return new ControlReply(message.Id, Ok: true, Csr: Request());
            var refusal = Take(message.Certificate ?? "", message.Authorities);
            return new ControlReply(message.Id, refusal is null, refusal);
        }
        catch (Exception e) when (IsDisk(e))
        {
            return new ControlReply(message.Id, Ok: false, $"certificate or key of '{device.Name}' cannot be read or stored: {e.Message}");
        }
    }

    /// <summary>The request for the key to be certified: the same text for the same key.</summary>
    private string Request()
    {
        using var key = files.PendingKey() ?? NotYetUsed() ?? Made();
        if (asked?.Key != key.Public())
            asked = (key.Public(), key.Request(device.Name));
        return asked.Value.Request;
    }

    /// <summary>The key of a stored certificate that the connection is not made with yet: another one would make that certificate void.</summary>
    private DeviceKey? NotYetUsed() => presented is { } used && used != Fingerprint() ? files.Key() : null;

    private DeviceKey Made()
    {
        var key = DeviceKey.Make();
        try
        {
            // Kept on disk: the silo may send its certificate after a restart.
            files.StorePendingKey(key);
            LogRequests(device.Name);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private string? Take(string pem, string? trusted)
    {
        if (trusted is not null && authorityFile is not null)
            Trust(authorityFile, trusted);
        var authorities = authorityFile is null ? null : CertificateCheck.Authorities(File.ReadAllText(authorityFile));
        using var next = files.PendingKey();
        using var current = files.Key();
        DeviceKey[] keys = [.. new[] { next, current }.OfType<DeviceKey>()];
        if (!CertificateCheck.TryTake(pem, device.Name, keys, authorities, time.GetUtcNow(), out var certificate, out var refusal))
            return refusal;
        using (certificate)
        {
            var fingerprint = CertificateCheck.Fingerprint(certificate);
            using var old = files.Certificate();
            if (old is not null && CertificateCheck.Fingerprint(old) == fingerprint)
                return null; // Sent again, because the answer was lost.
            files.Store(certificate.ExportCertificatePem() + "\n");
            var end = old is null ? DateTimeOffset.MinValue : new DateTimeOffset(old.NotAfter);
            reconnectBy = Earlier(reconnectBy, end == DateTimeOffset.MinValue ? end : end - Reserve);
            LogStored(device.Name, fingerprint, certificate.NotAfter);
            return null;
        }
    }

    private void Trust(string file, string trusted)
    {
        lock (StoringAuthorities)
        {
            if (CertificateCheck.Authorities(trusted).Count == 0 || File.ReadAllText(file) == trusted)
                return;
            DurableFile.Write(file, Encoding.ASCII.GetBytes(trusted));
            LogTrusts(device.Name);
        }
    }

    private void ReconnectIfDue()
    {
        if (reconnectBy is not { } by)
            return;
        var isBusy = device.LocalPair is null && link.State == LinkState.Up && device.Stream.IsBusy(time.Now());
        var isDone = presented is { } used && used == Fingerprint();
        if (isBusy && !isDone && time.GetUtcNow() < by)
            return;
        if (!isDone)
        {
            LogReconnects(device.Name);
            link.Reconnect();
        }

        // Only now: what failed is due again. Where it is done already, the connection was cut and the new certificate used.
        reconnectBy = null;
    }

    private string? Fingerprint()
    {
        try
        {
            using var certificate = files.Certificate();
            return certificate is null ? null : CertificateCheck.Fingerprint(certificate);
        }
        catch (Exception e) when (IsDisk(e))
        {
            LogUnread(device.Name, e.Message);
            return null;
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one is { } first && first < other ? first : other;

    private static bool IsDisk(Exception fault) => fault is IOException or UnauthorizedAccessException;

    [LoggerMessage(3120, LogLevel.Information, "{Device}: made a new key and requests its certificate")]
    private partial void LogRequests(string device);

    [LoggerMessage(3121, LogLevel.Information, "{Device}: stored certificate {Fingerprint}, valid until {Until:u}")]
    private partial void LogStored(string device, string fingerprint, DateTime until);

    [LoggerMessage(3126, LogLevel.Information, "{Device}: the authorities to trust have changed")]
    private partial void LogTrusts(string device);

    [LoggerMessage(3122, LogLevel.Information, "{Device}: reconnecting with its new certificate")]
    private partial void LogReconnects(string device);

    [LoggerMessage(3123, LogLevel.Warning, "{Device}: {Op} refused (control {Id}): {Error}")]
    private partial void LogRefused(string device, ControlOp op, string id, string error);

    [LoggerMessage(3124, LogLevel.Warning, "{Device}: its certificate cannot be read: {Reason}")]
    private partial void LogUnread(string device, string reason);

    [LoggerMessage(3125, LogLevel.Error, "{Device}: renewing its certificate failed (control {Id})")]
    private partial void LogFault(Exception fault, string device, string id);
}

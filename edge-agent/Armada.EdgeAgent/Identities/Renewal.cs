using System.Threading.Channels;
using Armada.Core.Control;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.Mqtt;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Identities;

/// <summary>
/// Renews a device's certificate as the silo asks: makes the key, keeps the certificate, and connects anew with it when the arm does not
/// move. Files are written here and not on the link's thread, where commands would wait for the disk.
/// </summary>
internal sealed partial class Renewal(
    Device device, PairFiles files, string? authorityFile, IMqttLink link, TimeProvider time, ILogger<Renewal> logger)
{
    private const int Most = 16; // Messages that wait.

    /// <summary>So long before the end of the old certificate an arm that never rests is cut for the new one.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromHours(24);

    /// <summary>How often a moving arm is looked at.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Channel<ControlMessage?> waiting = Channel.CreateBounded<ControlMessage?>(Most);
    private volatile string? shown;
    private (string Key, string Request)? asked;
    private DateTimeOffset? reconnectBy;

    /// <summary>Takes the answers.</summary>
    public Action<ControlReply>? Answered { get; set; }

    /// <summary>SHA-256 of the certificate of the present connection; null while there is none.</summary>
    public string? Shown => shown;

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
    public void Connected() => shown = Fingerprint();

    /// <summary>Notes that there is no connection.</summary>
    public void Disconnected() => shown = null;

    /// <summary>Takes a message to renew, or with a certificate; false where too many wait.</summary>
    public bool TryAdd(ControlMessage message) => waiting.Writer.TryWrite(message);

    /// <summary>Does what was asked, until it is canceled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        // Without room for it there are messages, each of which looks too.
        await using var looking = time.CreateTimer(_ => waiting.Writer.TryWrite(null), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            await foreach (var message in waiting.Reader.ReadAllAsync(cancellation))
            {
                if (message is not null)
                    Do(message);
                ConnectAnewWhereItIsTime();
                looking.Change(reconnectBy is null ? Timeout.InfiniteTimeSpan : Look, Timeout.InfiniteTimeSpan);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            LogEnded(device.Name);
        }
    }

    private void Do(ControlMessage message)
    {
        try
        {
            var reply = Try(message);
            if (reply.Error is { } error)
                LogRefused(device.Name, message.Op, message.Id, error);
            Answered?.Invoke(reply);
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
            var refusal = Take(message.Certificate ?? "");
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
        using var key = files.WaitingKey() ?? NotYetUsed() ?? Made();
        if (asked?.Key != key.Public())
            asked = (key.Public(), key.Request(device.Name));
        return asked.Value.Request;
    }

    /// <summary>The key of a stored certificate that the connection is not made with yet: another one would make that certificate void.</summary>
    private DeviceKey? NotYetUsed() => shown is { } used && used != Fingerprint() ? files.Key() : null;

    private DeviceKey Made()
    {
        var key = DeviceKey.Make();
        try
        {
            // Kept on disk: the silo may send its certificate after a restart.
            files.KeepWaiting(key);
            LogAsks(device.Name);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private string? Take(string pem)
    {
        var authorities = authorityFile is null ? null : CertificateCheck.Authorities(File.ReadAllText(authorityFile));
        using var next = files.WaitingKey();
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

    private void ConnectAnewWhereItIsTime()
    {
        if (reconnectBy is not { } by)
            return;
        var isBusy = device.LocalPair is null && link.State == LinkState.Up && device.Stream.IsBusy(time.Now());
        var isDone = shown is { } used && used == Fingerprint();
        if (isBusy && !isDone && time.GetUtcNow() < by)
            return;
        reconnectBy = null;
        if (isDone)
            return; // The line was cut meanwhile, and the new certificate used.
        LogConnectsAnew(device.Name);
        link.Reconnect();
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
}

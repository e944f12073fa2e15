using System.Collections.Concurrent;
using System.Threading.Channels;
using Armada.Core.Control;
using Armada.Silo.Store;

namespace Armada.Silo.Provisioning;

/// <summary>
/// When each device was last seen, and on which certificate. The registry is told of every new certificate in use, so that the older ones
/// are revoked. Times are stored once a minute; a crash loses no more than that.
/// </summary>
internal sealed partial class DeviceLastSeen : BackgroundService
{
    private static readonly TimeSpan StoreInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> times = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> certificates = new(StringComparer.Ordinal);
    private readonly Channel<(string Device, string Fingerprint)> newCertificates = Channel.CreateUnbounded<(string, string)>(
        new UnboundedChannelOptions { SingleReader = true });

    private readonly IDeviceRegistry? registry;
    private readonly TimeProvider time;
    private readonly ILogger<DeviceLastSeen> logger;
    private readonly DocumentFiles files;
    private readonly string path;
    private int isDirty;

    public DeviceLastSeen(DataFolder data, IServiceProvider services, TimeProvider time, ILogger<DeviceLastSeen> logger)
    {
        (registry, this.time, this.logger) = (services.GetService<IDeviceRegistry>(), time, logger);
        files = new DocumentFiles(logger);
        path = Path.Combine(data.Path, "last-seen.json");
        File.Delete(path + DurableFile.TemporaryEnding);
        if (File.Exists(path) && files.Read(path, StoredJson.Default.StoredLastSeen, stored => stored.FindProblem()) is { } stored)
        {
            foreach (var (device, at) in stored.Devices)
                times[device] = at;
        }
    }

    /// <summary>Null for a device that was never seen.</summary>
    public DateTimeOffset? Of(string device) => times.TryGetValue(device, out var at) ? at : null;

    /// <summary>The certificate that a device says it is connected with, or null.</summary>
    public string? CertificateOf(string device) => certificates.GetValueOrDefault(device);

    /// <summary>Records a presence message; returns at once.</summary>
    /// <param name="wasOnline">Whether the device was connected until now: then its last will counts as a sign of life, too.</param>
    public void Record(string device, Presence presence, bool wasOnline)
    {
        if (presence.Online || wasOnline)
            Record(device);
        if (presence is { Online: true, Certificate: { } fingerprint }
            && DeviceCertificate.IsFingerprint(fingerprint)
            && !(certificates.TryGetValue(device, out var known) && known == fingerprint))
        {
            certificates[device] = fingerprint;
            newCertificates.Writer.TryWrite((device, fingerprint));
        }
    }

    public void Record(string device)
    {
        times[device] = time.GetUtcNow();
        Volatile.Write(ref isDirty, 1);
    }

    public void Forget(string device)
    {
        times.TryRemove(device, out _);
        certificates.TryRemove(device, out _);
        Volatile.Write(ref isDirty, 1);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await StoreAsync();
    }

    public override void Dispose()
    {
        base.Dispose();
        files.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(StoreInterval, time);
        await Task.WhenAll(
            registry is null ? Task.CompletedTask : SupervisedLoop.RunAsync("Reporting certificates in use", ReportAsync, time, logger, stoppingToken),
            SupervisedLoop.RunAsync("Storing when devices were seen", StoreNextAsync, time, logger, stoppingToken));

        async Task StoreNextAsync(CancellationToken cancellation)
        {
            await timer.WaitForNextTickAsync(cancellation);
            await StoreAsync();
        }
    }

    private async Task ReportAsync(CancellationToken cancellation)
    {
        var (device, fingerprint) = await newCertificates.Reader.ReadAsync(cancellation);
        try
        {
            await registry!.SeenAsync(device, fingerprint, cancellation);
        }
        catch (Exception fault)
        {
            certificates.TryRemove(device, out _); // The device's next presence message reports it again.
            if (fault is not RegistryFailedException)
                throw;
            LogNotReported(device, fault.Message);
        }
    }

    private async Task StoreAsync()
    {
        if (Interlocked.Exchange(ref isDirty, 0) == 0)
            return;
        try
        {
            await files.WriteAsync(path, StoredLastSeen.Of(times), StoredJson.Default.StoredLastSeen, CancellationToken.None);
        }
        catch (Exception fault)
        {
            Volatile.Write(ref isDirty, 1); // Retried in a minute.
            if (fault is not NotStoredException) // Which DocumentFiles has logged.
                throw;
        }
    }

    [LoggerMessage(1730, LogLevel.Warning, "The registry could not record that {Device} uses a new certificate; its next presence message repeats it: {Reason}")]
    private partial void LogNotReported(string device, string reason);
}

internal sealed record StoredLastSeen(int Format, IReadOnlyDictionary<string, DateTimeOffset> Devices)
{
    private const int Current = 1;

    public static StoredLastSeen Of(IEnumerable<KeyValuePair<string, DateTimeOffset>> devices) =>
        new(Current, devices.OrderBy(device => device.Key, StringComparer.Ordinal).ToDictionary());

    public string? FindProblem() => Format == Current ? null : $"its format is {Format}, this silo reads {Current}";
}

using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Armada.Core.Control;
using Armada.Core.Devices;
using Armada.Silo.Store;

namespace Armada.Silo.Provisioning;

/// <summary>
/// When each device was seen last, and on which certificate: the registry hears of every new one, so that the older certificates are taken
/// back. Times are written once a minute; a sudden end loses no more.
/// </summary>
internal sealed partial class DeviceLastSeen : IHostedService, IDisposable
{
    private static readonly TimeSpan WriteInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> times = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> certificates = new(StringComparer.Ordinal);
    private readonly Channel<(string Device, string Fingerprint)> newCertificates = Channel.CreateUnbounded<(string, string)>(
        new UnboundedChannelOptions { SingleReader = true });

    private readonly CancellationTokenSource ending = new();
    private readonly IDeviceRegistry? registry;
    private readonly TimeProvider time;
    private readonly ILogger<DeviceLastSeen> logger;
    private readonly DocumentFiles files;
    private readonly string path;
    private int isDirty;
    private Task reporting = Task.CompletedTask;
    private Task writing = Task.CompletedTask;

    public DeviceLastSeen(DataFolder data, IServiceProvider services, TimeProvider time, ILogger<DeviceLastSeen> logger)
    {
        (registry, this.time, this.logger) = (services.GetService<IDeviceRegistry>(), time, logger);
        files = new DocumentFiles(logger);
        path = Path.Combine(data.Path, "sightings.json");
        File.Delete(path + DurableFile.TemporaryEnding);
        if (File.Exists(path) && files.Read(path, LastSeenJson.Default.StoredLastSeen, stored => stored.FindProblem()) is { } stored)
        {
            foreach (var (device, at) in stored.Devices)
                times[device] = at;
        }
    }

    /// <summary>When a device was seen last, or null.</summary>
    public DateTimeOffset? Of(string device) => times.TryGetValue(device, out var at) ? at : null;

    /// <summary>Notes what a device said of itself; returns at once.</summary>
    public void Note(string device, Presence presence, bool wasOnline)
    {
        if (presence.Online || wasOnline)
            Note(device);
        if (presence is { Online: true, Certificate: { } fingerprint }
            && DeviceCertificate.IsFingerprint(fingerprint)
            && !(certificates.TryGetValue(device, out var known) && known == fingerprint))
        {
            certificates[device] = fingerprint;
            newCertificates.Writer.TryWrite((device, fingerprint));
        }
    }

    public void Note(string device)
    {
        times[device] = time.GetUtcNow();
        Volatile.Write(ref isDirty, 1);
    }

    /// <summary>The certificate that a device said it is connected with, or null.</summary>
    public string? CertificateOf(string device) => certificates.GetValueOrDefault(device);

    public void Forget(string device)
    {
        times.TryRemove(device, out _);
        certificates.TryRemove(device, out _);
        Volatile.Write(ref isDirty, 1);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        reporting = registry is null ? Task.CompletedTask : TellAsync(registry);
        writing = WriteAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        newCertificates.Writer.TryComplete();
        await ending.CancelAsync();
        await Task.WhenAll(reporting, writing);
        await StoreAsync();
    }

    public void Dispose()
    {
        files.Dispose();
        ending.Dispose();
    }

    private async Task TellAsync(IDeviceRegistry registry)
    {
        await foreach (var (device, fingerprint) in newCertificates.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await registry.SeenAsync(device, fingerprint, ending.Token);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return; // The next start hears it again.
            }
            catch (RegistryFailedException failed)
            {
                certificates.TryRemove(device, out _); // Its next words are news again.
                LogNotReported(device, failed.Message);
            }
        }
    }

    private async Task WriteAsync()
    {
        using var timer = new PeriodicTimer(WriteInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
                await StoreAsync();
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task StoreAsync()
    {
        if (Interlocked.Exchange(ref isDirty, 0) == 0)
            return;
        try
        {
            await files.WriteAsync(path, StoredLastSeen.Of(times), LastSeenJson.Default.StoredLastSeen, CancellationToken.None);
        }
        catch (NotStoredException)
        {
            Volatile.Write(ref isDirty, 1); // Logged where it happened; the next minute tries again.
        }
    }

    [LoggerMessage(1730, LogLevel.Warning, "That {Device} was seen on a new certificate could not be noted and will be tried again: {Reason}")]
    private partial void LogNotReported(string device, string reason);
}

/// <summary>The file of when each device was seen last.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
internal sealed record StoredLastSeen(int Format, IReadOnlyDictionary<string, DateTimeOffset> Devices)
{
    private const int Current = 1;

    public static StoredLastSeen Of(IEnumerable<KeyValuePair<string, DateTimeOffset>> devices) =>
        new(Current, devices.OrderBy(device => device.Key, StringComparer.Ordinal).ToDictionary());

    /// <summary>What is wrong with it; or null.</summary>
    public string? Fault() => Format == Current ? null : $"its format is {Format}, this silo reads {Current}";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredLastSeen))]
internal sealed partial class LastSeenJson : JsonSerializerContext;

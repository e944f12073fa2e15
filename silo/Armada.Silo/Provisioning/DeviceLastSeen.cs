using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Armada.Core.Control;
using Armada.Core.Engine;
using Armada.Grains.Identities;
using Armada.Silo.Engine;

namespace Armada.Silo.Provisioning;

/// <summary>
/// When each device was last seen, and on which certificate: at once of those that this silo hears, and within seconds of all. The registry
/// is told of every new certificate in use, so that the older ones are revoked.
/// </summary>
internal sealed partial class DeviceLastSeen(IServiceProvider services, IGrainFactory grains, TimeProvider time, ILogger<DeviceLastSeen> logger) : BackgroundService
{
    private const string Callee = "the devices' last-seen times";

    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, SeenDevice> heard = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SeenDevice> untold = new(StringComparer.Ordinal);
    private readonly Channel<(string Device, string Fingerprint)> newCertificates = Channel.CreateUnbounded<(string, string)>(
        new UnboundedChannelOptions { SingleReader = true });

    private readonly IDeviceRegistry? registry = services.GetService<IDeviceRegistry>();

    private ILastSeenGrain All => grains.GetGrain<ILastSeenGrain>(ILastSeenGrain.Key);

    /// <summary>What is known of those of these devices that were ever seen.</summary>
    /// <exception cref="EngineUnreachableException"/>
    public async Task<IReadOnlyDictionary<string, SeenDevice>> ReadAsync(IEnumerable<string> devices, CancellationToken cancellation)
    {
        ImmutableArray<string> names = [.. devices];
        var seen = (await All.ReadAsync(names).AnswerAsync(Callee, cancellation)).ToDictionary(device => device.Name, StringComparer.Ordinal);
        foreach (var device in names.Select(name => heard.GetValueOrDefault(name)).OfType<SeenDevice>())
        {
            if (!seen.TryGetValue(device.Name, out var known) || known.At < device.At)
                seen[device.Name] = device;
        }

        return seen;
    }

    /// <summary>The certificate that a device says it is connected with, to this silo; or null.</summary>
    public string? CertificateOf(string device) => heard.GetValueOrDefault(device)?.Certificate;

    /// <summary>Records a presence message; returns at once.</summary>
    /// <param name="wasOnline">Whether the device was connected until now: then its last will counts as a sign of life, too.</param>
    public void Record(string device, Presence presence, bool wasOnline)
    {
        if (!presence.Online && !wasOnline)
            return;
        var known = CertificateOf(device);
        var said = presence is { Online: true, Certificate: { } fingerprint } && DeviceCertificate.IsFingerprint(fingerprint) ? fingerprint : null;
        untold[device] = heard[device] = new SeenDevice(device, time.GetUtcNow(), presence.Online, said ?? known);
        if (said is not null && said != known)
            newCertificates.Writer.TryWrite((device, said));
    }

    /// <exception cref="EngineUnreachableException"/>
    public async Task ForgetAsync(string device)
    {
        heard.TryRemove(device, out _);
        untold.TryRemove(device, out _);
        await All.ForgetAsync(device).AnswerAsync(Callee, CancellationToken.None);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TellAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TellInterval, time);
        await Task.WhenAll(
            registry is null ? Task.CompletedTask : SupervisedLoop.RunAsync("Reporting certificates in use", ReportAsync, time, logger, stoppingToken),
            SupervisedLoop.RunAsync("Telling when devices were seen", TellNextAsync, time, logger, stoppingToken));

        async Task TellNextAsync(CancellationToken cancellation)
        {
            await timer.WaitForNextTickAsync(cancellation);
            await TellAsync(cancellation);
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
            heard.TryRemove(device, out _); // The device's next presence message reports it again.
            if (fault is not RegistryFailedException)
                throw;
            LogNotReported(device, fault.Message);
        }
    }

    private async Task TellAsync(CancellationToken cancellation)
    {
        var told = untold.ToArray();
        if (told.Length == 0)
            return;
        try
        {
            await All.RecordAsync([.. told.Select(one => one.Value)]).AnswerAsync(Callee, cancellation);
            foreach (var one in told)
                untold.TryRemove(one);
        }
        catch (EngineUnreachableException lost)
        {
            LogNotTold(lost.Message); // Tried again in a few seconds.
        }
    }

    [LoggerMessage(1730, LogLevel.Warning, "The registry could not record that {Device} uses a new certificate; its next presence message repeats it: {Reason}")]
    private partial void LogNotReported(string device, string reason);

    [LoggerMessage(1731, LogLevel.Information, "The other silos do not know yet when devices were seen: {Reason}")]
    private partial void LogNotTold(string reason);
}

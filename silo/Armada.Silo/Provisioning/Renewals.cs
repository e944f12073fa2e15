using Armada.Core.Control;
using Armada.Core.Devices;
using Armada.Silo.Ingress;

namespace Armada.Silo.Provisioning;

/// <summary>
/// Renews certificates before they are over: of two thirds of its time, the device is asked for a request on a new key and is given the
/// certificate for it, over the connection that it has. MicroPython boards cannot, and are left alone.
/// </summary>
internal sealed partial class CertificateRenewal(
    IDeviceRegistry registry, DeviceLastSeen lastSeen, DevicePresences presences, ControlChannel control, TimeProvider time, ILogger<CertificateRenewal> logger)
    : IHostedService, IDisposable
{
    private const int PageSize = 200; // Devices read at once.

    private static readonly TimeSpan InitialDelay = TimeSpan.FromMinutes(1); // By then devices are back after a restart.
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource ending = new();
    private Task running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = RunAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await ending.CancelAsync();
        await running;
    }

    /// <summary>Renews what is due now.</summary>
    /// <exception cref="RegistryFailedException">The registry cannot be asked.</exception>
    public async Task RenewDueAsync(CancellationToken cancellation)
    {
        string? after = null;
        while (true)
        {
            var part = await registry.ListAsync(after, PageSize, cancellation);
            foreach (var device in part)
            {
                if (presences.Of(device.Name)?.Presence.Online == true && IsDue(device))
                    await RenewAsync(device, cancellation);
            }

            if (part.Length < PageSize)
                return;
            after = part[^1].Name;
        }
    }

    public void Dispose() => ending.Dispose();

    // The certificate that it uses counts: one that it was given and never took is no reason to wait.
    private bool IsDue(DeviceIdentity device)
    {
        var inUse = lastSeen.CertificateOf(device.Name);
        return device.Certificates.FirstOrDefault(its => its.Fingerprint == inUse) is { } certificate
            && time.GetUtcNow() >= certificate.NotBefore + ((certificate.NotAfter - certificate.NotBefore) * 2 / 3);
    }

    private async Task RunAsync()
    {
        try
        {
            await Task.Delay(InitialDelay, time, ending.Token);
            using var timer = new PeriodicTimer(Interval, time);
            do
            {
                try
                {
                    await RenewDueAsync(ending.Token);
                }
                catch (RegistryFailedException failed)
                {
                    LogPostponed(failed.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(ending.Token));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task RenewAsync(DeviceIdentity device, CancellationToken cancellation)
    {
        var asked = await control.AskAsync(device.Name, new ControlMessage("", ControlOp.Renew), cancellation);
        if (asked is not { Ok: true, Csr: { } request })
        {
            LogNotRenewed(device.Name, asked?.Error ?? "it did not answer with a request");
            return;
        }

        var answer = await registry.RotateAsync(device.Name, request, cancellation);
        if (answer.Refused is { Reason: RegistryRefusalReason.RotationPending } && device.Newest is { } lost)
        {
            // It was given that one and has its key no more, or it would have asked for it again.
            await registry.RetireAsync(device.Name, lost.Fingerprint, cancellation);
            answer = await registry.RotateAsync(device.Name, request, cancellation);
        }

        if (answer.Issued is not { } issued)
        {
            LogNotRenewed(device.Name, answer.Refused?.Text ?? "nothing was issued");
            return;
        }

        var taken = await control.AskAsync(
            device.Name, new ControlMessage("", ControlOp.Certificate, Certificate: issued.Certificate), cancellation);
        if (taken is { Ok: true })
            LogRenewed(device.Name, issued.Fingerprint);
        else
            LogNotRenewed(device.Name, taken?.Error ?? "it did not say that it has the new certificate");
    }

    [LoggerMessage(1750, LogLevel.Information, "{Device} was given certificate {Fingerprint} before its old one is over")]
    private partial void LogRenewed(string device, string fingerprint);

    [LoggerMessage(1751, LogLevel.Warning, "The certificate of {Device} is not renewed yet and will be tried again: {Reason}")]
    private partial void LogNotRenewed(string device, string reason);

    [LoggerMessage(1752, LogLevel.Warning, "Certificates are not renewed now and will be later: {Reason}")]
    private partial void LogPostponed(string reason);
}

using Armada.Core.Control;
using Armada.Silo.Ingress;
using Armada.Silo.Mqtt;

namespace Armada.Silo.Provisioning;

/// <summary>
/// Renews certificates after two thirds of their lifetime, or at once where a newer authority is there: the device is asked for a request with a new key and is given the
/// certificate for it, over its present connection. MicroPython boards cannot do that and are left out.
/// </summary>
internal sealed partial class CertificateRenewal(
    IDeviceRegistry registry,
    DeviceLastSeen lastSeen,
    DevicePresences presences,
    ControlChannel control,
    TimeProvider time,
    ILogger<CertificateRenewal> logger,
    DeviceConnections? connections = null)
    : PeriodicService(TimeSpan.FromHours(1), time, logger, initialDelay: TimeSpan.FromMinutes(1)) // Devices are back by then after a restart.
{
    private const int PageSize = 200;

    private readonly TimeProvider time = time;

    /// <exception cref="RegistryFailedException">The devices cannot be listed now.</exception>
    public async Task RenewDueAsync(CancellationToken cancellation)
    {
        string? after = null;
        while (true)
        {
            var page = await registry.ListAsync(after, PageSize, cancellation);
            foreach (var device in page.Where(device => presences.Of(device.Name)?.Online == true && IsMine(device) && IsDue(device)))
                await TryRenewAsync(device, cancellation);
            if (page.Length < PageSize)
                return;
            after = page[^1].Name;
        }
    }

    protected override async Task RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            await RenewDueAsync(cancellation);
        }
        catch (RegistryFailedException failed)
        {
            LogPostponed(failed.Message);
        }
    }

    // Of several silos the one that a device is connected to renews its certificate.
    private bool IsMine(DeviceIdentity device) => connections is null || connections.Of(device.Name).Any(connection => !connection.Identity!.IsSecondPath);

    // Only the certificate in use counts: a newer one that the device never took must not put the renewal off.
    private bool IsDue(DeviceIdentity device)
    {
        var inUse = lastSeen.CertificateOf(device.Name);
        return device.Certificates.FirstOrDefault(its => its.Fingerprint == inUse) is { } certificate
            && (certificate.IsOutdated || time.GetUtcNow() >= certificate.NotBefore + ((certificate.NotAfter - certificate.NotBefore) * 2 / 3));
    }

    private async Task TryRenewAsync(DeviceIdentity device, CancellationToken cancellation)
    {
        try
        {
            await RenewAsync(device, cancellation);
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            LogNotRenewed(device.Name, fault.Message); // The other devices are renewed all the same.
        }
    }

    private async Task RenewAsync(DeviceIdentity device, CancellationToken cancellation)
    {
        var asked = await control.AskAsync(device.Name, new ControlMessage("", ControlOp.Renew), cancellation);
        if (asked is not { Ok: true, Csr: { } request })
        {
            LogNotRenewed(device.Name, asked?.Error ?? "the device did not answer with a certificate request");
            return;
        }

        var answer = await registry.RotateAsync(device.Name, request, cancellation);
        if (answer.Refused is { Reason: RegistryRefusalReason.RotationPending } && device.Newest is { } lost)
        {
            // The device has lost the key of that certificate, or it would have asked for it again.
            await registry.RetireAsync(device.Name, lost.Fingerprint, cancellation);
            answer = await registry.RotateAsync(device.Name, request, cancellation);
        }

        if (answer.Issued is not { } issued)
        {
            LogNotRenewed(device.Name, answer.Refused?.Text ?? "nothing was issued");
            return;
        }

        var place = await registry.BrokerAsync(cancellation);
        var taken = await control.AskAsync(
            device.Name,
            new ControlMessage("", ControlOp.Certificate, Certificate: issued.Certificate, Authorities: place.SignsDevices ? place.Authority : null),
            cancellation);
        if (taken is { Ok: true })
            LogRenewed(device.Name, issued.Fingerprint);
        else
            LogNotRenewed(device.Name, taken?.Error ?? "the device did not confirm the new certificate");
    }

    [LoggerMessage(1750, LogLevel.Information, "{Device} has the new certificate {Fingerprint}")]
    private partial void LogRenewed(string device, string fingerprint);

    [LoggerMessage(1751, LogLevel.Warning, "The certificate of {Device} was not renewed and is retried in an hour: {Reason}")]
    private partial void LogNotRenewed(string device, string reason);

    [LoggerMessage(1752, LogLevel.Warning, "Certificates were not renewed and are retried in an hour: {Reason}")]
    private partial void LogPostponed(string reason);
}

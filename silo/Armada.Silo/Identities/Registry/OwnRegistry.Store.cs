using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Silo.Engine;
using Armada.Silo.Identities.Broker;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>How the registry is read, changed and put right again.</summary>
internal sealed partial class OwnRegistry
{
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;
    private readonly DocumentFiles files;
    private readonly string folder;
    private RevocationList? revocations;

    /// <summary>Told after each durable step of a call, by name; what a cut there leaves must be put right by the next start.</summary>
    internal Action<string>? Stepped { get; set; }

    /// <summary>Reads every device and completes what a cut left: deletions, and certificates that were taken back.</summary>
    /// <exception cref="Options.SiloOptionsException">What was revoked is lost.</exception>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        revocations = await RevocationList.OpenAsync(authority, time, loggers.CreateLogger<RevocationList>(), cancellation);
        var found = files.ReadAll(folder, DeviceJson.Default.StoredDevice, (stored, name) => stored.Fault(name));
        devices = devices.AddRange(found.Select(device => KeyValuePair.Create(device.Name, device)));
        foreach (var device in found)
        {
            var good = device.Certificates.RemoveAll(certificate => revocations.IsRevoked(certificate.Serial));
            if (device.Leaving)
                await ForgetAsync(device);
            else if (good.Length != device.Certificates.Length)
                await SaveAsync(device with { Certificates = good });
        }

        await door.RefreshAsync(Boards(), cancellation);
        LogLoaded(devices.Count);
    }

    /// <summary>Signs the list of revoked certificates anew where it is time, and lets the broker read it; to be called daily.</summary>
    /// <exception cref="NotStoredException">The disk refused, or the broker does not answer.</exception>
    public async Task RenewAsync(CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        await Revocations.RenewAsync(cancellation);
        await door.RefreshAsync(Boards(), cancellation);
    }

    private RevocationList Revocations => revocations ?? throw new InvalidOperationException("the registry is not open yet");

    private ValueTask<RegistryAnswer> ChangeAsync(
        string name, Func<StoredDevice, Task<RegistryAnswer>> change, CancellationToken cancellation) => ChangeAsync(
        () => devices.TryGetValue(name, out var device)
            ? change(device)
            : Task.FromResult(RegistryAnswer.Refuse(
                RegistryRefusalReason.Unknown, $"there is no device {name}; GET /api/v1/devices lists all")),
        cancellation);

    // Once begun, a change is not canceled: a caller that goes away would leave it half done.
    private async ValueTask<RegistryAnswer> ChangeAsync(Func<Task<RegistryAnswer>> change, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        _ = Revocations;
        try
        {
            return await change();
        }
        catch (NotStoredException failed)
        {
            throw new RegistryFailedException($"{failed.Message} Ask again once that is mended.", failed);
        }
    }

    private async Task<StoredDevice> SaveAsync(StoredDevice device)
    {
        await files.WriteAsync(PathOf(device), device, DeviceJson.Default.StoredDevice, CancellationToken.None);
        Volatile.Write(ref devices, devices.SetItem(device.Name, device));
        Stepped?.Invoke("document written");
        return device;
    }

    private async Task RevokeAsync(StoredCertificate certificate, X509RevocationReason reason)
    {
        await Revocations.RevokeAsync(certificate.Serial, reason, CancellationToken.None);
        Stepped?.Invoke("certificate revoked");
    }

    private async Task RemoveAsync(StoredDevice device)
    {
        if (!device.Leaving)
            device = await SaveAsync(device with { Leaving = true });
        foreach (var certificate in device.Certificates)
            await RevokeAsync(certificate, X509RevocationReason.CessationOfOperation);
        await RefreshAsync();
        await CutAsync(device.Name);
        await ForgetAsync(device);
        LogDeleted(device.Name);
    }

    private async Task ForgetAsync(StoredDevice device)
    {
        foreach (var certificate in device.Certificates)
            await Revocations.RevokeAsync(certificate.Serial, X509RevocationReason.CessationOfOperation, CancellationToken.None);
        await files.DeleteAsync(PathOf(device), CancellationToken.None);
        Volatile.Write(ref devices, devices.Remove(device.Name));
        Stepped?.Invoke("document removed");
    }

    private async Task RefreshAsync()
    {
        await door.RefreshAsync(Boards(), CancellationToken.None);
        Stepped?.Invoke("broker told");
    }

    private async Task CutAsync(string name)
    {
        await door.CutAsync(name, CancellationToken.None);
        Stepped?.Invoke("connection cut");
    }

    private IEnumerable<Board> Boards() => devices.Values
        .Where(device => device.IsBoard && !device.Leaving)
        .Select(device => new Board(device.Name, device.Role!.Value));

    private string PathOf(StoredDevice device) => Path.Combine(folder, device.Name + ".json");

    [LoggerMessage(1710, LogLevel.Information, "{Count} devices have an identity")]
    private partial void LogLoaded(int count);

    [LoggerMessage(1711, LogLevel.Information, "Device {Name} was seen on certificate {Fingerprint}; its older one is revoked")]
    private partial void LogChanged(string name, string fingerprint);

    [LoggerMessage(1712, LogLevel.Information, "Certificate {Fingerprint} of device {Name} is revoked")]
    private partial void LogRetired(string name, string fingerprint);

    [LoggerMessage(1713, LogLevel.Information, "Device {Name} is deleted and all its certificates are revoked")]
    private partial void LogDeleted(string name);
}

using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Engine;
using Armada.Grains.Identities;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>The registry of the own authority, as its grain keeps it. A key that is made for a device is made here, and does not leave this process.</summary>
internal sealed class OwnRegistry(IdentityCopy copy, BrokerPlace place) : IDeviceRegistry
{
    public ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation) => new(place.Locate(string.Concat(copy.Now.Authorities.Select(one => one.Pem))));

    public ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation) =>
        new(copy.Now.Find(name) is { } device ? ToIdentity(device) : null);

    public ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation) =>
        new([.. copy.Now.Devices.Where(device => after is null || string.CompareOrdinal(device.Name, after) > 0).Take(limit).Select(ToIdentity)]);

    public async ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation)
    {
        var (request, key) = device.Request is { } own ? (own, null) : MakeKey();
        return await AskAsync(registry => registry.CreateAsync(device with { Request = request }, isOwnKey: key is null), cancellation, key);
    }

    public async ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation)
    {
        var (asked, key) = request is not null ? (request, null) : MakeKey();
        return await AskAsync(registry => registry.RotateAsync(name, asked, isOwnKey: key is null), cancellation, key);
    }

    public ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation) =>
        AskAsync(registry => registry.CollectedAsync(name, fingerprint), cancellation);

    public ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation) =>
        AskAsync(registry => registry.SeenAsync(name, fingerprint), cancellation);

    public ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation) =>
        AskAsync(registry => registry.RetireAsync(name, fingerprint), cancellation);

    public ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation) =>
        AskAsync(registry => registry.DeleteAsync(name), cancellation);

    private static (string Request, string? Key) MakeKey()
    {
        using var key = P256.Create();
        return (new CertificateRequest("CN=device", key, HashAlgorithmName.SHA256).CreateSigningRequestPem(), key.ExportPkcs8PrivateKeyPem());
    }

    private async ValueTask<RegistryAnswer> AskAsync(Func<IIdentityGrain, Task<IdentityReply>> call, CancellationToken cancellation, string? key = null)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            var reply = await call(copy.Registry).AnswerAsync("the registry of devices", cancellation);
            if (reply.Failure is { } failure)
                throw Failed(failure);
            if (reply.Refused is { } refused)
                return RegistryAnswer.Refuse(refused.Reason, refused.Text);
            await copy.CatchUpAsync(reply.Version, cancellation);
            return RegistryAnswer.Of(
                ToIdentity(reply.Device!), reply.Issued is { } issued ? new IssuedCredentials(issued.Fingerprint, issued.Pem, key) : null, reply.IsNew);
        }
        catch (EngineUnreachableException lost)
        {
            throw Failed(lost.Message, lost);
        }
    }

    private static RegistryFailedException Failed(string reason, Exception? cause = null) =>
        new($"{reason}; repeat the call once that is fixed", new NotStoredException(reason, cause));

    private DeviceIdentity ToIdentity(RegisteredDevice device)
    {
        var newest = copy.Now.Authorities.LastOrDefault()?.Id;
        return new DeviceIdentity(device.Name, device.Kind, device.Role, device.Site, device.CreatedAt, [.. device.Certificates.Select(its =>
            new DeviceCertificate(its.Fingerprint, its.NotBefore, its.NotAfter, its.IsCollected, IsOutdated: its.Authority != newest))]);
    }
}

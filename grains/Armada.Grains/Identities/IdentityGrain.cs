using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using Armada.Core.Devices;
using Armada.Grains.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Identities;

/// <summary>The registry of the own authority. Its devices are spread over a few records, of which each change writes one.</summary>
[GrainType("armada.identities"), KeepAlive]
public sealed partial class IdentityGrain : Grain, IIdentityGrain
{
    private const int Records = 16; // Stored under their numbers: another count needs a migration.

    // Codes of RFC 5280, 5.3.1.
    private const int Superseded = 4;
    private const int CessationOfOperation = 5;
    private const int PrivilegeWithdrawn = 9;

    private const string NoAuthority = "the silo that was to issue a certificate was started without the cluster's authority; give every silo the same --authority";

    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly IDeviceAuthority? authority;
    private readonly TimeProvider time;
    private readonly ILogger<IdentityGrain> logger;
    private readonly StoredState<IdentityState>[] records;
    private readonly StoredState<AuthoritiesState> authorities;
    private readonly HashSet<IIdentityObserver> observers = [];
    private readonly HashSet<StoredState<IdentityState>> unsure = []; // A write failed that may have been done all the same.
    private IdentityVersion version = new(Guid.NewGuid(), 0);

    /// <summary>Made by Orleans.</summary>
    public IdentityGrain(TimeProvider time, ILogger<IdentityGrain> logger)
    {
        (this.time, this.logger) = (time, logger);
        authority = GrainContext.ActivationServices.GetService<IDeviceAuthority>();
        records = [.. Enumerable.Range(0, Records).Select(number => new StoredState<IdentityState>(GrainContext, $"identities-{number}"))];
        authorities = new StoredState<AuthoritiesState>(GrainContext, "authorities");
    }

    private ImmutableArray<KnownAuthority> Authorities => authorities.Value.All;

    private ImmutableArray<KnownAuthority> Trusted => Authorities.RemoveAll(one => one.IsRetired);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(SettleAsync, Retry, Retry); // First: after a wait the activation may be given up already.
        await authorities.ReadAsync();
        foreach (var record in records)
            await ReadAsync(record);
    }

    public Task<IdentitySnapshot?> FollowAsync(IIdentityObserver observer, IdentityVersion known)
    {
        observers.Add(observer);
        return Task.FromResult(known == version
            ? null
            : new IdentitySnapshot(version, [.. records.SelectMany(record => record.Value.Devices).Select(device => device.WithoutPem())], Trusted));
    }

    public async Task<IdentityReply> CreateAsync(NewDevice device, bool isOwnKey)
    {
        var request = device.Request!;
        if (await SettleAsync() is { } failure)
            return new IdentityReply(Failure: failure);
        if (Find(device.Name) is not { } known)
        {
            var made = new RegisteredDevice(device.Name, device.Kind, device.Role, device.Site, time.GetUtcNow(), []);
            return await IssueAsync(made, request, isOwnKey) with { IsNew = true };
        }

        if (!known.Is(device))
            return Refuse(RegistryRefusalReason.Exists, $"{known.Name} is {Describe(known)} already; delete it first, or choose another name");
        if (!isOwnKey)
            return known.Newest is { IsCollected: true } ? Unchanged(known) : await IssueAsync(known, request, isOwnKey, replaced: known.Newest);
        var (key, refused) = ReadKey(request);
        return refused is not null ? new IdentityReply(refused)
            : known.FindFor(key!) is { } same ? Unchanged(known, same)
            : Refuse(RegistryRefusalReason.Exists, $"{known.Name} has a certificate for another key; POST /api/v1/devices/{known.Name}/rotate gives it a second one");
    }

    public Task<IdentityReply> RotateAsync(string name, string request, bool isOwnKey) => OnKnownAsync(name, device =>
    {
        if (isOwnKey && ReadKey(request).Key is { } key && device.FindFor(key) is { } same)
            return Task.FromResult(Unchanged(device, same));
        if (device.Certificates is [_, { IsCollected: true } waiting])
        {
            return Task.FromResult(Refuse(
                RegistryRefusalReason.RotationPending,
                $"{name} was given certificate {waiting.Fingerprint} and was not seen on it yet; wait for that, or revoke one of the two "
                + $"with DELETE /api/v1/devices/{name}/certificates/<fingerprint>"));
        }

        return IssueAsync(device, request, isOwnKey, replaced: device.Certificates.Length == 2 ? device.Newest : null);
    });

    public Task<IdentityReply> CollectedAsync(string name, string fingerprint) => OnKnownAsync(name, device =>
        device.Find(fingerprint) is { IsCollected: false } its
            ? WriteAsync(device, device with { Certificates = device.Certificates.Replace(its, its with { IsCollected = true }) })
            : Task.FromResult(Unchanged(device)));

    public Task<IdentityReply> SeenAsync(string name, string fingerprint) => OnKnownAsync(name, async device =>
    {
        if (device.Certificates is not [var older, var newer] || newer.Fingerprint != fingerprint)
            return Unchanged(device);
        var reply = await WriteAsync(device, device with { Certificates = [newer with { IsCollected = true }] }, Superseded, older);
        if (reply.Failure is null)
            LogChanged(name, fingerprint);
        return reply;
    });

    public Task<IdentityReply> RetireAsync(string name, string fingerprint) => OnKnownAsync(name, async device =>
    {
        if (device.Find(fingerprint) is not { } its)
            return Unchanged(device);
        var reply = await WriteAsync(device, device with { Certificates = device.Certificates.Remove(its) }, PrivilegeWithdrawn, its);
        if (reply.Failure is null)
            LogRetired(name, fingerprint);
        return reply;
    });

    public Task<IdentityReply> DeleteAsync(string name) => OnKnownAsync(name, async device =>
    {
        var reply = await WriteAsync(device, null, CessationOfOperation, [.. device.Certificates]);
        if (reply.Failure is null)
            LogDeleted(name);
        return reply;
    });

    public async Task<AuthorityReply> IntroduceAsync(ImmutableArray<KnownAuthority> given, bool mayReplace)
    {
        var (all, trusted) = (Authorities, Trusted);
        var added = given.RemoveAll(one => all.Any(its => its.Id == one.Id));
        if (!trusted.IsEmpty && !given.Any(one => trusted.Any(its => its.Id == one.Id)))
        {
            if (!mayReplace || added.Length < given.Length)
                return new AuthorityReply(AuthorityRefusal.Foreign, null, all);
            foreach (var one in trusted)
                LogAuthorityRetired(one.Name, one.Id);
            all = [.. all.Select(one => one with { IsRetired = true })];
        }

        foreach (var one in added)
            LogAdded(one.Name, one.Id);
        return added.IsEmpty ? new AuthorityReply(null, null, all) : await WriteAsync(all.AddRange(added));
    }

    public async Task<AuthorityReply> RetireAuthorityAsync(string authority)
    {
        var trusted = Trusted;
        if (trusted.FirstOrDefault(one => one.Id == authority) is not { } its)
            return new AuthorityReply(AuthorityRefusal.Unknown, null, Authorities);
        if (trusted.Length == 1)
            return new AuthorityReply(AuthorityRefusal.Last, null, Authorities);
        var reply = await WriteAsync(Authorities.Replace(its, its with { IsRetired = true }));
        if (reply.Failure is null)
            LogAuthorityRetired(its.Name, its.Id);
        return reply;
    }

    public Task<string?> SignListAsync(string authority) => Task.FromResult(
        this.authority?.SignList(authority, records.SelectMany(record => record.Value.Revoked).Where(its => its.Authority == authority)));

    private Task ReadAsync(StoredState<IdentityState> record) => record.ReadAsync(
        state => state.Devices.FirstOrDefault(device => RecordOf(device.Name) != record) is { } other ? $"it holds device '{other.Name}'" : null);

    /// <summary>Reads what is not sure; nothing may be decided by it before.</summary>
    private async Task<string?> SettleAsync()
    {
        if (unsure.Count == 0)
            return null;
        try
        {
            foreach (var record in unsure.ToArray())
            {
                await ReadAsync(record);
                unsure.Remove(record);
            }
        }
        catch (OrleansException away)
        {
            return away.Message;
        }

        version = version with { Number = version.Number + 1 };
        await TellAsync(new IdentityChange(version));
        return null;
    }

    private StoredState<IdentityState> RecordOf(string name) => records[XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(name)) % Records];

    private RegisteredDevice? Find(string name) => RecordOf(name).Value.Devices.FirstOrDefault(device => device.Name == name);

    private async Task<IdentityReply> OnKnownAsync(string name, Func<RegisteredDevice, Task<IdentityReply>> change)
    {
        if (await SettleAsync() is { } failure)
            return new IdentityReply(Failure: failure);
        return Find(name) is { } device
            ? await change(device)
            : Refuse(RegistryRefusalReason.Unknown, $"there is no device {name}; GET /api/v1/devices lists all");
    }

    private (string? Key, RegistryRefusal? Refused) ReadKey(string request) =>
        authority?.ReadKey(request) ?? (null, new RegistryRefusal(RegistryRefusalReason.Request, NoAuthority));

    private async Task<IdentityReply> IssueAsync(RegisteredDevice device, string request, bool isOwnKey, RegisteredCertificate? replaced = null)
    {
        var (issued, refused) = authority?.Issue(device.Name, device.Role, request, [.. Trusted.Select(one => one.Id)]) ?? default;
        if (refused is not null)
            return new IdentityReply(refused);
        if (issued is null)
            return new IdentityReply(Failure: NoAuthority);
        issued = issued with { IsCollected = isOwnKey };
        var kept = replaced is null ? device.Certificates : device.Certificates.Remove(replaced);
        var reply = await WriteAsync(device, device with { Certificates = kept.Add(issued) }, Superseded, [.. new[] { replaced }.OfType<RegisteredCertificate>()]);
        return reply.Failure is null ? reply with { Issued = issued } : reply;
    }

    /// <summary>Stores a device, or (null) its end, together with what is revoked by that; whoever follows knows it when this ends.</summary>
    private async Task<IdentityReply> WriteAsync(RegisteredDevice before, RegisteredDevice? next, int reason = 0, params ImmutableArray<RegisteredCertificate> revoked)
    {
        var (record, now) = (RecordOf(before.Name), time.GetUtcNow());
        var others = record.Value.Devices.RemoveAll(device => device.Name == before.Name);
        var failure = await record.WriteAsync(new IdentityState
        {
            Devices = next is null ? others : others.Add(next),
            Revoked = record.Value.Revoked.RemoveAll(its => its.NotAfter < now)
                .AddRange(revoked.Select(its => new RevokedCertificate(its.Authority, its.Serial, reason, now, its.NotAfter))),
        });
        if (failure is not null)
        {
            unsure.Add(record);
            return new IdentityReply(Failure: failure);
        }

        version = version with { Number = version.Number + 1 };
        await TellAsync(new IdentityChange(version, before.Name, next?.WithoutPem()));
        return Unchanged(next ?? before);
    }

    private async Task<AuthorityReply> WriteAsync(ImmutableArray<KnownAuthority> all)
    {
        if (await authorities.WriteAsync(new AuthoritiesState { All = all }) is { } failure)
        {
            DeactivateOnIdle();
            return new AuthorityReply(null, failure, Authorities);
        }

        version = version with { Number = version.Number + 1 };
        await TellAsync(new IdentityChange(version));
        return new AuthorityReply(null, null, all);
    }

    private Task TellAsync(IdentityChange change) => Task.WhenAll(observers.ToArray().Select(observer => TellAsync(observer, change)));

    private async Task TellAsync(IIdentityObserver observer, IdentityChange change)
    {
        var told = observer.ChangeAsync(change);
        try
        {
            await told.WaitAsync(ToldWithin, time);
        }
        catch (Exception lost)
        {
            told.Ignore(); // It may fail later.
            observers.Remove(observer); // If it is there, it follows again within a second.
            LogNotTold(lost);
        }
    }

    private IdentityReply Unchanged(RegisteredDevice device, RegisteredCertificate? again = null) => new(Device: device, Issued: again, Version: version);

    private static IdentityReply Refuse(RegistryRefusalReason reason, string text) => new(new RegistryRefusal(reason, text));

    private static string Describe(RegisteredDevice device) =>
        $"a {DeviceKinds.NameOf(device.Kind)}{(device.Role is { } role ? $" ({(role == BoardRole.Leader ? "leader" : "follower")})" : "")} "
        + (device.Site is null ? "at no site" : $"at site {device.Site}");

    [LoggerMessage(1630, LogLevel.Information, "Device {Name} was seen on certificate {Fingerprint}; its older one is revoked")]
    private partial void LogChanged(string name, string fingerprint);

    [LoggerMessage(1631, LogLevel.Information, "Certificate {Fingerprint} of device {Name} is revoked")]
    private partial void LogRetired(string name, string fingerprint);

    [LoggerMessage(1632, LogLevel.Information, "Device {Name} is deleted and all its certificates are revoked")]
    private partial void LogDeleted(string name);

    [LoggerMessage(1633, LogLevel.Information, "{Name} ({Id}) is an authority of devices from now on")]
    private partial void LogAdded(string name, string id);

    [LoggerMessage(1634, LogLevel.Warning, "{Name} ({Id}) is retired: no certificate of it admits a device any more")]
    private partial void LogAuthorityRetired(string name, string id);

    [LoggerMessage(1635, LogLevel.Information, "A silo or gateway did not confirm a change of the devices' identities in time; it learns of it within a second if it is there")]
    private partial void LogNotTold(Exception lost);
}

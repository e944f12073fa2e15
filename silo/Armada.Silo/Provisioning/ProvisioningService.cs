using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Engine;
using Armada.Silo.Identities;
using Armada.Silo.Ingress;

namespace Armada.Silo.Provisioning;

/// <summary>The registry's answer, and the bundle that is ready to be collected, if any.</summary>
internal sealed record Provisioned(RegistryAnswer Answer, BundleLink? Bundle);

/// <summary>Registers and deletes devices: the registry's calls, together with the bundles and the presence of the devices.</summary>
internal sealed class ProvisioningService(
    IDeviceRegistry registry,
    BundleLinks links,
    DeviceLastSeen lastSeen,
    DevicePresences presences,
    IMqttLink link,
    TopicMap topics,
    MicroPythonTopics dialect,
    TimeProvider time) : IDisposable
{
    private const int MaxDeletedNames = 4096; // For which a repeated deletion succeeds.

    // One call at a time for each device, so that a repeated one finds the bundle of the first.
    private readonly SemaphoreSlim[] locks = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];
    private readonly Lock sync = new();
    private readonly HashSet<string> deleted = new(StringComparer.Ordinal);

    public async Task<Provisioned> CreateAsync(NewDevice device, CancellationToken cancellation)
    {
        using var held = await LockOf(device.Name).EnterAsync(cancellation);
        if (device.Request is null
            && await registry.FindAsync(device.Name, cancellation) is { } known && known.Is(device)
            && await links.FindAsync(known.Name, known.Newest?.Fingerprint, cancellation) is { } waiting)
        {
            return new Provisioned(RegistryAnswer.Of(known), waiting);
        }

        var answer = await registry.CreateAsync(device, cancellation);
        if (answer.IsNew)
        {
            lock (sync)
                deleted.Remove(device.Name);
        }

        return await PackAsync(answer, cancellation);
    }

    public async Task<Provisioned> RotateAsync(string name, string? request, CancellationToken cancellation)
    {
        using var held = await LockOf(name).EnterAsync(cancellation);
        if (request is null
            && await registry.FindAsync(name, cancellation) is { Certificates: [_, var second] } known
            && await links.FindAsync(name, second.Fingerprint, cancellation) is { } waiting)
        {
            return new Provisioned(RegistryAnswer.Of(known), waiting);
        }

        return await PackAsync(await registry.RotateAsync(name, request, cancellation), cancellation);
    }

    /// <summary>Hands a bundle out once; null if there is none for the secret.</summary>
    /// <exception cref="RegistryFailedException">The registry cannot record it; the bundle stays ready.</exception>
    public Task<CollectedBundle?> CollectAsync(string secret, CancellationToken cancellation) => links.TakeAsync(
        secret,
        async bundle => (await registry.CollectedAsync(bundle.Device, bundle.Fingerprint, cancellation)).Device?.Certificates.Any(its => its.Fingerprint == bundle.Fingerprint) == true,
        cancellation);

    public async Task<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation)
    {
        using var held = await LockOf(name).EnterAsync(cancellation);
        var answer = await registry.RetireAsync(name, fingerprint, cancellation);
        await links.DropAsync(name, fingerprint);
        return answer;
    }

    public async Task<RegistryRefusal?> DeleteAsync(string name, CancellationToken cancellation)
    {
        using var held = await LockOf(name).EnterAsync(cancellation);
        var answer = await registry.DeleteAsync(name, cancellation);
        lock (sync)
        {
            if (answer.Refused is { Reason: RegistryRefusalReason.Unknown } && deleted.Contains(name))
                return null;
            if (answer.Refused is not null)
                return answer.Refused;
            if (deleted.Count < MaxDeletedNames)
                deleted.Add(name);
        }

        // The broker retains the device's last presence message and would deliver it to every new subscriber.
        if (link.State == LinkState.Up)
            link.Publish(topics.Of(name, Channel.Presence), [], Delivery.Control, retain: true);
        presences.Remove(name);
        await links.DropAsync(name);
        await lastSeen.ForgetAsync(name);
        return null;
    }

    public void Dispose()
    {
        foreach (var one in locks)
            one.Dispose();
    }

    private SemaphoreSlim LockOf(string name) => locks[(uint)name.GetHashCode(StringComparison.Ordinal) % locks.Length];

    private async Task<Provisioned> PackAsync(RegistryAnswer answer, CancellationToken cancellation)
    {
        if (answer is not { Device: { } device, Issued: { } issued })
            return new Provisioned(answer, null);
        var place = await registry.BrokerAsync(cancellation);
        var identity = IssuedIdentity.Of(device.Name, issued);
        var now = time.GetUtcNow();
        var bundle = device.Role is { } role
            ? BoardBundle.Pack(identity, place.Authority, role, place.Hosts[0], dialect, now)
            : AgentBundle.Pack(identity, place.Authority, place.Hosts, place.Port, now);
        return new Provisioned(answer, await links.AddAsync(device.Name, issued.Fingerprint, bundle, cancellation));
    }
}

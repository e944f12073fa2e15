using System.Collections.Immutable;
using Armada.Grains.State;

namespace Armada.Grains.Identities;

/// <summary>When each device was last seen. A crash loses no more than a minute of it.</summary>
[GrainType("armada.last-seen"), KeepAlive]
public sealed class LastSeenGrain : Grain, ILastSeenGrain
{
    private static readonly TimeSpan StoreInterval = TimeSpan.FromMinutes(1);

    private readonly StoredState<LastSeenState> stored;
    private readonly Dictionary<string, SeenDevice> devices = new(StringComparer.Ordinal);
    private bool isDirty;

    /// <summary>Made by Orleans.</summary>
    public LastSeenGrain() => stored = new StoredState<LastSeenState>(GrainContext, "last-seen");

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(StoreAsync, StoreInterval, StoreInterval); // First: after a wait the activation may be given up already.
        await stored.ReadAsync();
        foreach (var device in stored.Value.Devices)
            devices[device.Name] = device;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => StoreAsync();

    public Task RecordAsync(ImmutableArray<SeenDevice> seen)
    {
        foreach (var device in seen)
        {
            if (!devices.TryGetValue(device.Name, out var known) || known.At < device.At)
                devices[device.Name] = device;
        }

        isDirty |= !seen.IsEmpty;
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<SeenDevice>> ReadAsync(ImmutableArray<string> devices) =>
        Task.FromResult<ImmutableArray<SeenDevice>>([.. devices.Select(name => this.devices.GetValueOrDefault(name)).OfType<SeenDevice>()]);

    public Task ForgetAsync(string device)
    {
        isDirty |= devices.Remove(device);
        return Task.CompletedTask;
    }

    private async Task StoreAsync()
    {
        if (isDirty)
            isDirty = await stored.WriteAsync(new LastSeenState { Devices = [.. devices.Values] }) is not null; // Tried again in a minute.
    }
}

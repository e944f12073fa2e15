using System.Collections.Immutable;
using System.Security.Cryptography;
using Armada.Grains.State;

namespace Armada.Grains.Identities;

/// <summary>The bundle of a device that waits to be collected.</summary>
[GrainType("armada.bundle")]
public sealed class BundleGrain : Grain, IBundleGrain
{
    private readonly TimeProvider time;
    private readonly StoredState<BundleState> stored;
    private string? secret;

    /// <summary>Made by Orleans.</summary>
    public BundleGrain(TimeProvider time)
    {
        this.time = time;
        stored = new StoredState<BundleState>(GrainContext, "bundle");
    }

    private WaitingBundle? Waiting => stored.Value.Bundle is { } bundle && time.GetUtcNow() < bundle.ExpiresAt ? bundle : null;

    public override Task OnActivateAsync(CancellationToken cancellationToken) => stored.ReadAsync();

    public async Task<string?> OfferAsync(WaitingBundle bundle, string secret)
    {
        var failure = await stored.WriteAsync(new BundleState { Bundle = bundle });
        this.secret = failure is null ? secret : null;
        if (failure is null)
            DelayDeactivation(bundle.ExpiresAt - time.GetUtcNow());
        else
            DeactivateOnIdle(); // Reads again what is stored.
        return failure;
    }

    public Task<BundleSecret?> FindAsync(string fingerprint)
    {
        var found = Waiting is { } bundle && bundle.Fingerprint == fingerprint && secret is not null ? new BundleSecret(secret, bundle.ExpiresAt) : null;
        if (Waiting is null)
            DeactivateOnIdle();
        return Task.FromResult(found);
    }

    public async Task<BundleReply> TakeAsync(ImmutableArray<byte> secretHash)
    {
        if (Waiting is not { } bundle || !CryptographicOperations.FixedTimeEquals(bundle.SecretHash.AsSpan(), secretHash.AsSpan()))
        {
            if (Waiting is null)
                DeactivateOnIdle(); // Whoever guesses links must not fill the memory.
            return new BundleReply(null);
        }

        var failure = await ForgetAsync();
        return failure is null ? new BundleReply(bundle) : new BundleReply(null, failure);
    }

    public async Task DropAsync(string? fingerprint)
    {
        if (stored.Value.Bundle is { } bundle && (fingerprint ?? bundle.Fingerprint) == bundle.Fingerprint)
            await ForgetAsync(); // One that is left over opens to a certificate that is revoked.
    }

    private async Task<string?> ForgetAsync()
    {
        DeactivateOnIdle();
        return await stored.ClearAsync();
    }
}

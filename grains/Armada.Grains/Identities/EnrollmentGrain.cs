using System.Collections.Immutable;
using Armada.Grains.State;

namespace Armada.Grains.Identities;

/// <summary>The enrollment tokens; an expired one is removed a day later.</summary>
[GrainType("armada.enrollment"), KeepAlive]
public sealed class EnrollmentGrain : Grain, IEnrollmentGrain
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(1);

    private readonly TimeProvider time;
    private readonly StoredState<EnrollmentState> stored;

    /// <summary>Made by Orleans.</summary>
    public EnrollmentGrain(TimeProvider time)
    {
        this.time = time;
        stored = new StoredState<EnrollmentState>(GrainContext, "enrollment");
    }

    private ImmutableArray<EnrollmentToken> Tokens => stored.Value.Tokens;

    public override Task OnActivateAsync(CancellationToken cancellationToken) => stored.ReadAsync();

    public Task<ImmutableArray<EnrollmentToken>> ListAsync() => Task.FromResult(Tokens);

    public Task<EnrollmentToken?> FindAsync(string id) => Task.FromResult(Find(id));

    public async Task<TokenReply> AddAsync(EnrollmentToken token)
    {
        var over = time.GetUtcNow() - Retention;
        var kept = Tokens.RemoveAll(other => other.ExpiresAt <= over || other.Id == token.Id);
        return kept.Length < IEnrollmentGrain.MaxTokens ? await WriteAsync(kept.Add(token)) : new TokenReply(false);
    }

    public async Task<TokenReply> RemoveAsync(string id) =>
        Find(id) is { } token ? await WriteAsync(Tokens.Remove(token)) : new TokenReply(false);

    public async Task<TokenReply> UseAsync(string id, string device, string keyHash) => Find(id) switch
    {
        null => new TokenReply(false),
        { Use: { } use } => new TokenReply(use.Device == device && use.KeyHash == keyHash),
        var token => await WriteAsync(Tokens.Replace(token, token with { Use = new TokenUse(device, keyHash) })),
    };

    public async Task<TokenReply> SettleAsync(string id, bool isRegistered) => Find(id) is { Use: { Done: false } use } token
        ? await WriteAsync(Tokens.Replace(token, token with { Use = isRegistered ? use with { Done = true } : null }))
        : new TokenReply(true);

    private EnrollmentToken? Find(string id) => Tokens.FirstOrDefault(token => token.Id == id);

    private async Task<TokenReply> WriteAsync(ImmutableArray<EnrollmentToken> tokens)
    {
        var failure = await stored.WriteAsync(new EnrollmentState { Tokens = tokens });
        if (failure is not null)
            DeactivateOnIdle(); // Reads again what is stored.
        return new TokenReply(failure is null, failure);
    }
}

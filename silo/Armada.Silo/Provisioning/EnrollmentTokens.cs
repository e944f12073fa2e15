using Armada.Core.Engine;
using Armada.Grains.Identities;
using Armada.Silo.Access.Keys;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Provisioning;

/// <summary>The enrollment tokens of all silos. A token is valid once and for a short time.</summary>
internal sealed partial class EnrollmentTokens(IGrainFactory grains, TimeProvider time, ILogger<EnrollmentTokens> logger)
{
    private const string Callee = "the enrollment tokens";

    private IEnrollmentGrain Stored => grains.GetGrain<IEnrollmentGrain>(IEnrollmentGrain.Key);

    /// <exception cref="EngineUnreachableException"/>
    public async Task<IEnumerable<EnrollmentToken>> ListAsync(CancellationToken cancellation) => await Stored.ListAsync().AnswerAsync(Callee, cancellation);

    public bool IsUsable(EnrollmentToken token) => token.Use is null && time.GetUtcNow() < token.ExpiresAt;

    /// <summary>Used or not; null if there is none or it has expired.</summary>
    /// <exception cref="EngineUnreachableException"/>
    public async Task<EnrollmentToken?> FindAsync(string text, CancellationToken cancellation) =>
        KeySecret.TryRead(text, out var id, out var hash)
        && await Stored.FindAsync(id).AnswerAsync(Callee, cancellation) is { } token
        && KeySecret.IsSame([.. token.Hash], hash)
        && time.GetUtcNow() < token.ExpiresAt
            ? token
            : null;

    /// <summary>Null if there are too many.</summary>
    /// <exception cref="NotStoredException"/>
    public async Task<(EnrollmentToken Token, string Text)?> MakeAsync(
        DeviceKind kind, BoardRole? role, string? site, string? name, TimeSpan lifetime, CancellationToken cancellation)
    {
        var (id, text, hash) = KeySecret.Make();
        var now = time.GetUtcNow();
        var token = new EnrollmentToken(id, [.. hash], kind, role, site, name, now, now + lifetime);
        if (!await DoAsync(Stored.AddAsync(token), cancellation))
            return null;
        LogMade(id, kind, token.ExpiresAt);
        return (token, text);
    }

    /// <summary>False if there is none.</summary>
    /// <exception cref="NotStoredException"/>
    public Task<bool> DeleteAsync(string id, CancellationToken cancellation) => DoAsync(Stored.RemoveAsync(id), cancellation);

    /// <summary>Assigns a token to a device and its key, durably; idempotent. False if it is another device's or was removed.</summary>
    /// <exception cref="NotStoredException"/>
    public Task<bool> TryUseAsync(string id, string device, string keyHash, CancellationToken cancellation) =>
        DoAsync(Stored.UseAsync(id, device, keyHash), cancellation);

    /// <summary>Records that the device was registered, or makes the token usable again because it was not.</summary>
    /// <exception cref="NotStoredException"/>
    public Task SettleAsync(string id, bool isRegistered) => DoAsync(Stored.SettleAsync(id, isRegistered), CancellationToken.None);

    private static async Task<bool> DoAsync(Task<TokenReply> call, CancellationToken cancellation)
    {
        try
        {
            var reply = await call.AnswerAsync(Callee, cancellation);
            return reply.Failure is { } failure ? throw new NotStoredException(failure) : reply.IsDone;
        }
        catch (EngineUnreachableException lost)
        {
            throw new NotStoredException(lost.Message, lost);
        }
    }

    [LoggerMessage(1740, LogLevel.Information, "Created enrollment token {Id} for a {Kind}, valid until {ExpiresAt}")]
    private partial void LogMade(string id, DeviceKind kind, DateTimeOffset expiresAt);
}

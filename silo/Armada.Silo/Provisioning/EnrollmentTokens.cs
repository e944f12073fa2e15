using System.Collections.Immutable;
using Armada.Core.Topics;
using Armada.Silo.Access.Keys;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Provisioning;

/// <summary>The enrollment tokens, one document each. A token is valid once and for a short time; an expired one is removed a day later.</summary>
internal sealed partial class EnrollmentTokens : IDisposable
{
    public const int MaxTokens = 1000;

    private static readonly TimeSpan Retention = TimeSpan.FromDays(1);

    private readonly TimeProvider time;
    private readonly ILogger<EnrollmentTokens> logger;
    private readonly DocumentFiles files;
    private readonly string folder;
    private readonly SemaphoreSlim changing = new(1);
    private ImmutableDictionary<string, EnrollmentToken> tokens;

    public EnrollmentTokens(DataFolder data, TimeProvider time, ILogger<EnrollmentTokens> logger)
    {
        (this.time, this.logger) = (time, logger);
        files = new DocumentFiles(logger);
        folder = data.Folder("enrollment");
        tokens = files.ReadAll(folder, StoredJson.Default.EnrollmentToken, (token, name) => token.FindProblem(name))
            .ToImmutableDictionary(token => token.Id, StringComparer.Ordinal);
    }

    public IEnumerable<EnrollmentToken> All => Volatile.Read(ref tokens).Values;

    public bool IsUsable(EnrollmentToken token) => token.Use is null && time.GetUtcNow() < token.ExpiresAt;

    /// <summary>Used or not; null if there is none or it has expired.</summary>
    public EnrollmentToken? Find(string text) =>
        KeySecret.TryRead(text, out var id, out var hash)
        && Volatile.Read(ref tokens).TryGetValue(id, out var token)
        && KeySecret.IsSame(token.Hash, hash)
        && time.GetUtcNow() < token.ExpiresAt
            ? token
            : null;

    /// <summary>Null if there are too many.</summary>
    /// <exception cref="NotStoredException"/>
    public async Task<(EnrollmentToken Token, string Text)?> MakeAsync(
        DeviceKind kind, BoardRole? role, string? site, string? name, TimeSpan lifetime, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        var now = time.GetUtcNow();
        foreach (var over in tokens.Values.Where(token => token.ExpiresAt + Retention <= now).ToArray())
            await RemoveAsync(over.Id);
        if (tokens.Count >= MaxTokens)
            return null;
        var (id, text, hash) = KeySecret.Make();
        var token = new EnrollmentToken(
            EnrollmentToken.Current, id, hash, DeviceKinds.NameOf(kind), role, site, name, now, now + lifetime, Use: null);
        await StoreAsync(token);
        LogMade(id, token.Kind, token.ExpiresAt);
        return (token, text);
    }

    /// <summary>False if there is none.</summary>
    /// <exception cref="NotStoredException"/>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        if (!tokens.ContainsKey(id))
            return false;
        await RemoveAsync(id);
        return true;
    }

    /// <summary>Assigns a token to a device and its key, durably; idempotent. False if it is another device's or was removed.</summary>
    /// <exception cref="NotStoredException"/>
    public async Task<bool> TryUseAsync(string id, string device, string keyHash, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        if (!tokens.TryGetValue(id, out var token))
            return false;
        if (token.Use is { } use)
            return use.Device == device && use.KeyHash == keyHash;
        await StoreAsync(token with { Use = new TokenUse(device, keyHash, Done: false) });
        return true;
    }

    /// <summary>Records that the device was registered.</summary>
    /// <exception cref="NotStoredException"/>
    public Task DoneAsync(string id) => ChangeUseAsync(id, use => use with { Done = true });

    /// <summary>Makes a token usable again whose device was not registered.</summary>
    /// <exception cref="NotStoredException"/>
    public Task GiveBackAsync(string id) => ChangeUseAsync(id, use => use.Done ? use : null);

    public void Dispose()
    {
        files.Dispose();
        changing.Dispose();
    }

    private async Task ChangeUseAsync(string id, Func<TokenUse, TokenUse?> change)
    {
        using var held = await changing.EnterAsync(CancellationToken.None);
        if (tokens.TryGetValue(id, out var token) && token.Use is { } use && change(use) is var next && next != use)
            await StoreAsync(token with { Use = next });
    }

    private async Task StoreAsync(EnrollmentToken token)
    {
        await files.WriteAsync(PathOf(token.Id), token, StoredJson.Default.EnrollmentToken, CancellationToken.None);
        Volatile.Write(ref tokens, tokens.SetItem(token.Id, token));
    }

    private async Task RemoveAsync(string id)
    {
        await files.DeleteAsync(PathOf(id), CancellationToken.None);
        Volatile.Write(ref tokens, tokens.Remove(id));
    }

    private string PathOf(string id) => Path.Combine(folder, id + ".json");

    [LoggerMessage(1740, LogLevel.Information, "Created enrollment token {Id} for a {Kind}, valid until {ExpiresAt}")]
    private partial void LogMade(string id, string kind, DateTimeOffset expiresAt);
}

/// <summary>A token with which one device enrolls itself, as it is stored: a hash, not the token.</summary>
/// <param name="Hash">SHA-256 of the token's secret.</param>
/// <param name="Role">Of a board only.</param>
/// <param name="Name">Null: the device chooses it.</param>
/// <param name="Use">Null until first use.</param>
internal sealed record EnrollmentToken(
    int Format,
    string Id,
    byte[] Hash,
    string Kind,
    BoardRole? Role,
    string? Site,
    string? Name,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    TokenUse? Use)
{
    public const int Current = 1;

    /// <param name="file">The file's name without extension.</param>
    public string? FindProblem(string file)
    {
        if (Format != Current)
            return $"its format is {Format}, this silo reads {Current}";
        if (!KeySecret.IsId(Id) || Id != file || Hash.Length != KeySecret.HashBytes)
            return "its id or its hash is invalid";
        if (!DeviceKinds.TryParse(Kind, out var kind) || (Role is null) != (kind != DeviceKind.MicroPythonArm))
            return $"its kind '{Kind}' and its role do not fit";
        return (Name ?? Use?.Device) is { } name && !DeviceName.IsValid(name) ? $"'{name}' is not the name of a device" : null;
    }

    public override string ToString() => $"enrollment token {Id}"; // Without the hash.
}

/// <param name="KeyHash">SHA-256 of its public key, lower-case hexadecimal; only the same key may repeat the call.</param>
/// <param name="Done">Whether the device was registered; if it is deleted after that, the token cannot be used again.</param>
internal sealed record TokenUse(string Device, string KeyHash, bool Done);

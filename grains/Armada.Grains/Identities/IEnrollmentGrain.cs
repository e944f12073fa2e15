using System.Collections.Immutable;
using Armada.Core.Devices;
using Orleans.Concurrency;

namespace Armada.Grains.Identities;

/// <summary>The enrollment tokens. There is one, under <see cref="Key"/>. Each call may be repeated.</summary>
[GrainInterfaceType("armada.enrollment"), Alias("armada.enrollment")]
public interface IEnrollmentGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "enrollment";

    /// <summary>Most tokens there are.</summary>
    const int MaxTokens = 1000;

    [Alias("list"), AlwaysInterleave]
    Task<ImmutableArray<EnrollmentToken>> ListAsync();

    [Alias("find"), AlwaysInterleave]
    Task<EnrollmentToken?> FindAsync(string id);

    /// <summary>Adds a token; not done where there are too many.</summary>
    [Alias("add")]
    Task<TokenReply> AddAsync(EnrollmentToken token);

    /// <summary>Removes a token; not done where there is none.</summary>
    [Alias("remove")]
    Task<TokenReply> RemoveAsync(string id);

    /// <summary>Assigns a token to a device and its key; not done where it is another one's, or removed.</summary>
    [Alias("use")]
    Task<TokenReply> UseAsync(string id, string device, string keyHash);

    /// <summary>Notes that the device was registered, or makes the token usable again because it was not.</summary>
    [Alias("settle")]
    Task<TokenReply> SettleAsync(string id, bool isRegistered);
}

/// <param name="Failure">Why it is not known to be done: storage failed; or null.</param>
[GenerateSerializer, Immutable, Alias("armada.enrollment.reply")]
public sealed record TokenReply([property: Id(0)] bool IsDone, [property: Id(1)] string? Failure = null);

/// <summary>A token with which one device enrolls itself.</summary>
/// <param name="Hash">SHA-256 of the token's secret; the token itself is kept nowhere.</param>
/// <param name="Role">Of a board only.</param>
/// <param name="Name">Null: the device chooses it.</param>
/// <param name="Use">Null until first use.</param>
[GenerateSerializer, Immutable, Alias("armada.enrollment.token")]
public sealed record EnrollmentToken(
    [property: Id(0)] string Id,
    [property: Id(1)] ImmutableArray<byte> Hash,
    [property: Id(2)] DeviceKind Kind,
    [property: Id(3)] BoardRole? Role,
    [property: Id(4)] string? Site,
    [property: Id(5)] string? Name,
    [property: Id(6)] DateTimeOffset CreatedAt,
    [property: Id(7)] DateTimeOffset ExpiresAt,
    [property: Id(8)] TokenUse? Use = null)
{
    public override string ToString() => $"enrollment token {Id}"; // Without the hash.
}

/// <param name="KeyHash">SHA-256 of its public key, lower-case hexadecimal; only the same key may repeat the call.</param>
/// <param name="Done">Whether the device was registered; if it is deleted after that, the token cannot be used again.</param>
[GenerateSerializer, Immutable, Alias("armada.enrollment.use")]
public sealed record TokenUse([property: Id(0)] string Device, [property: Id(1)] string KeyHash, [property: Id(2)] bool Done = false);

using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;

namespace Armada.Silo.Identities;

/// <summary>A certificate that is good no more.</summary>
/// <param name="Serial">Its serial number, lower-case hexadecimal.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When it was revoked.</param>
internal sealed record Revocation(string Serial, X509RevocationReason Reason, DateTimeOffset At)
{
    private const int Longest = 40; // Digits: RFC 5280 allows 20 bytes.

    // A hold, or what lifts it, would let a certificate come back; this authority revokes for good.
    private static readonly X509RevocationReason[] Known =
    [
        X509RevocationReason.Unspecified, X509RevocationReason.KeyCompromise, X509RevocationReason.Superseded,
        X509RevocationReason.CessationOfOperation, X509RevocationReason.PrivilegeWithdrawn,
    ];

    /// <summary>What is wrong with it; or null.</summary>
    public string? Fault() =>
        Serial.Length is 0 or > Longest || Serial.Length % 2 != 0 || !Serial.All(char.IsAsciiHexDigitLower) ? $"'{Serial}' is no serial number"
        : !Known.Contains(Reason) ? $"the reason of {Serial} is {Reason}"
        : null;
}

/// <summary>The revocations' file.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Number">Number of the last list that was signed; 0 for none.</param>
/// <param name="Certificates">What is revoked.</param>
internal sealed record StoredRevocations(int Format, long Number, ImmutableArray<Revocation> Certificates)
{
    private const int Current = 1;

    /// <summary>Nothing is revoked and no list was signed.</summary>
    public static StoredRevocations None { get; } = Of(0, []);

    /// <summary>The file of these revocations.</summary>
    public static StoredRevocations Of(long number, IEnumerable<Revocation> certificates) => new(Current, number, [.. certificates]);

    /// <summary>What is wrong with it; or null.</summary>
    public string? Fault()
    {
        if (Format != Current)
            return $"its format is {Format}, this silo reads {Current}";
        if (Number < 0 || Certificates.IsDefault)
            return "its number or its certificates are missing";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in Certificates)
        {
            if (entry is null)
                return "a certificate is missing";
            if ((entry.Fault() ?? (seen.Add(entry.Serial) ? null : $"{entry.Serial} is there twice")) is { } fault)
                return fault;
        }

        return null;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredRevocations))]
internal sealed partial class RevocationJson : JsonSerializerContext;

using System.Globalization;
using System.Security.Cryptography;

namespace Armada.Silo.AwsIot.Things;

/// <summary>Written on a thing before a certificate is made for it, so that what a sudden end leaves behind is found again.</summary>
/// <param name="KeyHash">SHA-256 of the public key that is asked for, base64url.</param>
/// <param name="Since">When, to the second.</param>
/// <param name="Nonce">Tells this attempt from every other one.</param>
internal sealed record CreationMarker(string KeyHash, DateTimeOffset Since, string Nonce)
{
    /// <summary>The mark of a new attempt.</summary>
    public static CreationMarker New(string keyHash, DateTimeOffset now) =>
        new(keyHash, DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), RandomNumberGenerator.GetHexString(16, lowercase: true));

    /// <summary>In the characters that an attribute may have.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{KeyHash}:{Since.ToUnixTimeSeconds()}:{Nonce}");

    /// <summary>Reads it back; null where it is none.</summary>
    public static CreationMarker? Read(string text) =>
        text.Split(':') is [var key, var since, var nonce] && long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds < 253402300800
            ? new CreationMarker(key, DateTimeOffset.FromUnixTimeSeconds(seconds), nonce)
            : null;
}

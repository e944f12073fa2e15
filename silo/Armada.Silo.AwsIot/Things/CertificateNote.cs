using System.Globalization;
using Armada.Core.Devices;

namespace Armada.Silo.AwsIot.Things;

/// <summary>How far a certificate is.</summary>
internal enum CertificateUse : byte
{
    /// <summary>Good; its bundle may not have been handed out.</summary>
    Issued,

    /// <summary>Good, and its key is with the device.</summary>
    Collected,

    /// <summary>To be taken back; it may work or not, until it is off the list.</summary>
    Leaving,
}

/// <summary>What a thing's attributes say of one of its certificates.</summary>
/// <param name="Fingerprint">SHA-256 of the certificate, hexadecimal, which is its id at AWS.</param>
/// <param name="KeyHash">SHA-256 of the public key as it was asked for, base64url.</param>
/// <param name="NotBefore">From when on it is good.</param>
/// <param name="NotAfter">Until when it is good.</param>
/// <param name="Use">How far it is.</param>
internal sealed record CertificateNote(string Fingerprint, string KeyHash, DateTimeOffset NotBefore, DateTimeOffset NotAfter, CertificateUse Use)
{
    private const string Uses = "icl";

    /// <summary>Whether it is to stay.</summary>
    public bool IsGood => Use != CertificateUse.Leaving;

    /// <summary>The port's words for it.</summary>
    public DeviceCertificate ToCertificate() => new(Fingerprint, NotBefore, NotAfter, Use != CertificateUse.Issued);

    /// <summary>In the characters that an attribute may have.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Fingerprint}:{KeyHash}:{NotBefore.ToUnixTimeSeconds()}:{NotAfter.ToUnixTimeSeconds()}:{Uses[(int)Use]}");

    /// <summary>Reads it back; null where it is none.</summary>
    public static CertificateNote? Read(string text)
    {
        if (text.Split(':') is not [var fingerprint, var key, var from, var until, [var use]] || !DeviceCertificate.IsFingerprint(fingerprint))
            return null;
        return Uses.IndexOf(use) is >= 0 and var index && Seconds(from) is { } notBefore && Seconds(until) is { } notAfter
            ? new CertificateNote(fingerprint, key, notBefore, notAfter, (CertificateUse)index)
            : null;
    }

    private static DateTimeOffset? Seconds(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253402300800 // The year 10000.
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}

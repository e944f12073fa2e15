using System.Security.Cryptography;

namespace Armada.Silo.Identities;

/// <summary>Keys on NIST's curve P-256, the one that brokers, boards and AWS IoT Core all take.</summary>
internal static class P256
{
    private const string Curve = "1.2.840.10045.3.1.7";

    /// <summary>A new key.</summary>
    public static ECDsa Make() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Whether a key is on this curve, and says so by its name.</summary>
    public static bool Is(ECDsa key)
    {
        var curve = key.ExportParameters(includePrivateParameters: false).Curve;
        return curve.IsNamed && curve.Oid.Value == Curve;
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Tests.AwsIot.Moto;

/// <summary>Requests as devices make them.</summary>
internal static class Requests
{
    public static string New()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=anything", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }
}

using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Mqtt;

/// <summary>Tells a wrong clock from a bad certificate: single-board computers have no clock of their own, and begin in the past.</summary>
public static class CertificateClock
{
    /// <summary>What to say where the time alone makes a certificate invalid; null where it does not.</summary>
    public static string? FindProblem(X509Certificate2 certificate, DateTimeOffset now)
    {
        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return now < certificate.NotBefore
            ? Line($"the clock of this machine says {now:u}, before the certificate of {name} was issued ({certificate.NotBefore.ToUniversalTime():u}): the clock is wrong, set it (timedatectl)")
            : now > certificate.NotAfter
                ? Line($"the certificate of {name} expired at {certificate.NotAfter.ToUniversalTime():u}: renew it, or set the clock of this machine (timedatectl) where {now:u} is wrong")
                : null;
    }

    /// <inheritdoc cref="FindProblem(X509Certificate2, DateTimeOffset)"/>
    public static string? FindProblem(X509Chain? chain, DateTimeOffset now) =>
        chain?.ChainElements.Select(element => FindProblem(element.Certificate, now)).FirstOrDefault(problem => problem is not null);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Security.Cryptography.X509Certificates;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Identities.Registry;

namespace Armada.Silo.Mqtt;

/// <summary>Decides who may connect: the certificate, the registry, the client id and the topics of the last will must agree.</summary>
internal sealed partial class DeviceAdmission(IdentityCopy identities, TopicAccess access, TimeProvider time, SiloClock clock, ILogger<DeviceAdmission> logger)
{
    private readonly LogPace refusals = new();

    /// <summary>Whether a certificate is one of the cluster's authorities' and in its time; the handshake fails otherwise.</summary>
    public bool IsIssuedHere(X509Certificate2 certificate)
    {
        if (!identities.Now.IsSigned(certificate))
            return false;
        if (CertificateClock.FindProblem(certificate, time.GetUtcNow()) is not { } problem)
            return true;
        if (refusals.IsDue(clock.Now(), out var hidden))
            LogClock(problem, hidden);
        return false;
    }

    /// <summary>Who a client is.</summary>
    /// <param name="certificate">Its certificate, which was issued here; null on loopback without TLS, where the client id is believed.</param>
    /// <param name="clientId">The one in its CONNECT.</param>
    /// <param name="will">Topic of its last will, or null.</param>
    /// <param name="refused">Why it is refused.</param>
    public ClientIdentity? Admit(X509Certificate2? certificate, string clientId, string? will, out string? refused)
    {
        var isSecond = clientId.EndsWith(DeviceName.SecondPath, StringComparison.Ordinal);
        var device = isSecond ? clientId[..^DeviceName.SecondPath.Length] : clientId;
        var client = certificate is null ? AdmitUnproven(device, out refused) : Admit(certificate, device, out refused);
        if (isSecond && client?.Role is not null)
        {
            refused = "a board has one connection";
            return null;
        }

        client = client is null ? null : client with { IsSecondPath = isSecond };
        if (client is null || will is null || (!isSecond && access.MayPublish(client, will)))
            return client;
        refused = isSecond ? "a second path has no last will" : $"its last will is for {will}, which is not its own topic";
        return null;
    }

    /// <summary>Why a connection that was accepted may not stay, or null.</summary>
    public string? FindProblem(DeviceConnection connection) =>
        connection is { CertificateName: { } name, CertificateSerial: { } serial } ? identities.Now.FindProblem(name, serial) : null;

    private static ClientIdentity? AdmitUnproven(string clientId, out string? refused)
    {
        refused = DeviceName.IsValid(clientId) ? null : $"its client id '{clientId}' is no device name";
        return refused is null ? new ClientIdentity(clientId, Role: null, IsProven: false) : null;
    }

    private ClientIdentity? Admit(X509Certificate2 certificate, string clientId, out string? refused)
    {
        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        refused = name != clientId
            ? $"its client id is '{clientId}' and its certificate is {name}'s"
            : identities.Now.FindProblem(name, Convert.ToHexStringLower(certificate.SerialNumberBytes.Span));
        return refused is null ? new ClientIdentity(name, identities.Now.Find(name)?.Role, IsProven: true) : null;
    }

    [LoggerMessage(1728, LogLevel.Warning, "A device is refused: {Reason} ({Hidden} such lines left out)")]
    private partial void LogClock(string reason, long hidden);
}

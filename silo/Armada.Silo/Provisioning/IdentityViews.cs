using System.ComponentModel;
using Armada.Silo.Audit;

namespace Armada.Silo.Provisioning;

internal sealed record NewIdentity(
    [property: Description("Client id, topic level and thing name: 1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit.")] string Name,
    [property: Description("so101-leader, so101-follower, aero-hand-left, aero-hand-right, micropython-arm or agent.")] string Kind,
    [property: Description("leader or follower; for a micropython-arm only.")] string? Role = null,
    [property: Description("Where it stands; the same characters as a name.")] string? Site = null,
    [property: Description("PKCS #10 request, PEM; the key stays with the device. Without it the silo generates the key.")] string? Csr = null) : IAudited
{
    string? IAudited.Subject => Name;

    string? IAudited.Detail => Kind;
}

internal sealed record Rotation(
    [property: Description("PKCS #10 request, PEM; without it the silo generates the key.")] string? Csr = null);

internal sealed record IssuedView(
    IdentityView Device,
    [property: Description("Link to its bundle; null if it was collected already.")] BundleView? Bundle,
    [property: Description("PEM; only if it was requested with a csr.")] string? Certificate);

internal sealed record BundleView(
    [property: Description("GET it once, without a key; then it is gone.")] string Url,
    DateTimeOffset ExpiresAt);

internal sealed record IdentityView(
    string Name,
    string Kind,
    [property: Description("leader or follower, of a micropython-arm.")] string? Role,
    string? Site,
    DateTimeOffset CreatedAt,
    [property: Description("SHA-256 of the certificate issued last, lower-case hexadecimal.")] string? Fingerprint,
    [property: Description("When that one expires.")] DateTimeOffset? ExpiresAt,
    [property: Description("Every valid certificate, oldest first.")] IReadOnlyList<CertificateView> Certificates,
    [property: Description("Whether the device says that it is connected; null if it never said anything.")] bool? Online,
    DateTimeOffset? LastSeen,
    [property: Description("The robots that it is bound to.")] IReadOnlyList<BoundRobotView> Robots);

internal sealed record CertificateView(
    string Fingerprint,
    DateTimeOffset NotBefore,
    DateTimeOffset ExpiresAt,
    [property: Description("Whether the device has its key: it generated the key, or the bundle was collected.")] bool Collected,
    [property: Description("Whether the device says that it is connected with this one.")] bool InUse);

internal sealed record BoundRobotView(string Robot, [property: Description("master or slave.")] string As);

internal sealed record NewEnrollmentToken(
    [property: Description("Kind of the device that it enrolls.")] string Kind,
    [property: Description("leader or follower; for a micropython-arm only.")] string? Role = null,
    [property: Description("Where the device stands.")] string? Site = null,
    [property: Description("The device's name; by default the device chooses it.")] string? Name = null,
    [property: Description("How long it is valid, 1 to 1440; 15 by default.")] int? Minutes = null) : IAudited
{
    string? IAudited.Subject => Name ?? Kind;

    string? IAudited.Detail => $"{Kind}{(Site is null ? "" : $" at {Site}")}";
}

internal sealed record MadeTokenView(
    [property: Description("The token itself. It is shown only this once and stored nowhere.")] string Token,
    EnrollmentTokenView About);

internal sealed record EnrollmentTokenView(
    string Id,
    string Kind,
    string? Role,
    string? Site,
    string? Name,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    [property: Description("The device that was enrolled with it.")] string? UsedBy,
    [property: Description("Whether a device can be enrolled with it now.")] bool Good);

internal sealed record Enrollment(
    string Token,
    [property: Description("PKCS #10 request, PEM.")] string Csr,
    [property: Description("The device's name; not needed if the token has one.")] string? Name = null)
{
    public override string ToString() => nameof(Enrollment); // Without the token.
}

internal sealed record EnrolledView(
    string Name,
    string Kind,
    string? Role,
    string? Site,
    [property: Description("PEM.")] string Certificate,
    [property: Description("The authority of the broker's certificate, PEM.")] string Ca,
    EnrolledBrokerView Broker,
    string TopicRoot,
    DateTimeOffset ExpiresAt);

internal sealed record EnrolledBrokerView(
    [property: Description("Any one serves; each with a port where that is another one.")] IReadOnlyList<string> Hosts,
    int Port,
    [property: Description("Whether ca signs the devices' certificates too, under their names.")] bool SignsDevices);

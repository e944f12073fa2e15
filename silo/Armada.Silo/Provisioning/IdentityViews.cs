using System.ComponentModel;
using System.Text.Json.Serialization;
using Armada.Silo.Api;
using Armada.Silo.Audit;

namespace Armada.Silo.Provisioning;

/// <summary>A device that is to have an identity.</summary>
internal sealed record NewIdentity(
    [property: Description("Client id, topic level and thing name: 1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit.")] string Name,
    [property: Description("so101-leader, so101-follower, aero-hand-left, aero-hand-right, micropython-arm or agent.")] string Kind,
    [property: Description("leader or follower; of a micropython-arm, and of nothing else.")] string? Role = null,
    [property: Description("Where it stands, in characters of a name.")] string? Site = null,
    [property: Description("PKCS #10 request, PEM; the key stays with the device. Without it the silo makes the key.")] string? Csr = null) : IAudited
{
    string? IAudited.Subject => Name;

    string? IAudited.Detail => Kind;
}

/// <summary>How a device's certificate is to be changed.</summary>
internal sealed record Rotation(
    [property: Description("PKCS #10 request, PEM; without it the silo makes the key.")] string? Csr = null);

/// <summary>A device that was given a certificate.</summary>
internal sealed record IssuedView(
    IdentityView Device,
    [property: Description("Where its bundle waits; null where the bundle was collected before.")] BundleView? Bundle,
    [property: Description("The certificate, PEM, where it was asked for with a csr.")] string? Certificate);

/// <summary>A bundle that waits to be collected.</summary>
internal sealed record BundleView(
    [property: Description("GET it once, with no key; then it is gone.")] string Url,
    DateTimeOffset ExpiresAt);

/// <summary>A device that has an identity.</summary>
internal sealed record IdentityView(
    string Name,
    string Kind,
    [property: Description("leader or follower, of a micropython-arm.")] string? Role,
    string? Site,
    DateTimeOffset CreatedAt,
    [property: Description("SHA-256 of the certificate issued last, lower-case hexadecimal.")] string? Fingerprint,
    [property: Description("Until when that one is good.")] DateTimeOffset? ExpiresAt,
    [property: Description("Every certificate that is good, oldest first.")] IReadOnlyList<CertificateView> Certificates,
    [property: Description("Whether it says that it is connected; null where it never said anything.")] bool? Online,
    DateTimeOffset? LastSeen,
    [property: Description("The robots that it is bound to.")] IReadOnlyList<BoundRobotView> Robots);

/// <summary>A certificate of a device.</summary>
internal sealed record CertificateView(
    string Fingerprint,
    DateTimeOffset NotBefore,
    DateTimeOffset ExpiresAt,
    [property: Description("Whether its key is with the device: the device made it, or the bundle was collected.")] bool Collected,
    [property: Description("Whether the device said that it is connected with this one.")] bool InUse);

/// <summary>A robot that a device is bound to.</summary>
internal sealed record BoundRobotView(string Robot, [property: Description("master or slave.")] string As);

/// <summary>A token to be made.</summary>
internal sealed record NewEnrollmentToken(
    [property: Description("Kind of the device that it enrolls.")] string Kind,
    [property: Description("leader or follower; of a micropython-arm, and of nothing else.")] string? Role = null,
    [property: Description("Where the device stands.")] string? Site = null,
    [property: Description("The device's name; left out, the device says it.")] string? Name = null,
    [property: Description("How long it is good, 1 to 1440; 15 unless given.")] int? Minutes = null) : IAudited
{
    string? IAudited.Subject => Name ?? Kind;

    string? IAudited.Detail => $"{Kind}{(Site is null ? "" : $" at {Site}")}";
}

/// <summary>A token that was just made.</summary>
internal sealed record MadeTokenView(
    [property: Description("The token itself. It is shown this once and kept nowhere.")] string Token,
    EnrollmentTokenView About);

/// <summary>An enrollment token, without what opens doors.</summary>
internal sealed record EnrollmentTokenView(
    string Id,
    string Kind,
    string? Role,
    string? Site,
    string? Name,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    [property: Description("The device that was enrolled with it; null while none was.")] string? UsedBy,
    [property: Description("Whether a device can be enrolled with it now.")] bool Good);

/// <summary>A device that enrolls itself.</summary>
internal sealed record Enrollment(
    string Token,
    [property: Description("PKCS #10 request, PEM.")] string Csr,
    [property: Description("The device's name; not needed where the token has one.")] string? Name = null)
{
    public override string ToString() => nameof(Enrollment); // Without the token.
}

/// <summary>All that an enrolled device needs to run.</summary>
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

/// <summary>Where the broker is.</summary>
internal sealed record EnrolledBrokerView(
    string Host,
    int Port,
    [property: Description("Whether ca signs the devices' certificates too, under their names.")] bool SignsDevices);

[JsonSerializable(typeof(NewIdentity))]
[JsonSerializable(typeof(Rotation))]
[JsonSerializable(typeof(IssuedView))]
[JsonSerializable(typeof(Page<IdentityView>))]
[JsonSerializable(typeof(NewEnrollmentToken))]
[JsonSerializable(typeof(MadeTokenView))]
[JsonSerializable(typeof(Page<EnrollmentTokenView>))]
[JsonSerializable(typeof(Enrollment))]
[JsonSerializable(typeof(EnrolledView))]
internal sealed partial class ProvisioningJson : JsonSerializerContext;

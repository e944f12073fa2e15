using System.Security.Cryptography;
using System.Text;
using Armada.Core.Devices;
using Armada.Silo.Identities;

namespace Armada.Silo.Provisioning;

/// <summary>Why a device is not enrolled.</summary>
/// <param name="TokenRefused">The token opens nothing; otherwise <paramref name="Refused"/> says why.</param>
/// <param name="Refused">The registry's refusal.</param>
/// <param name="Text">For people.</param>
internal sealed record EnrollmentRefusal(bool TokenRefused, RegistryRefusal? Refused, string Text);

/// <summary>An enrolled device, or why not.</summary>
internal sealed record EnrollmentAnswer(RegistryAnswer? Enrolled, string TokenId, EnrollmentRefusal? Refused);

/// <summary>Lets a device enroll itself with a token: a token is one device's and one key's from its first use on.</summary>
internal sealed class EnrollmentService(EnrollmentTokens tokens, ProvisioningService desk)
{
    private const string Nothing = "the token was used, is over, or never was one; ask an admin for another";

    /// <summary>Enrolls a device. Repeated with the same key, it is given the same again.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now; repeat the call.</exception>
    /// <exception cref="Store.NotStoredException">The disk refused; repeat the call.</exception>
    public async Task<EnrollmentAnswer> EnrolAsync(string text, string? name, string request, CancellationToken cancellation)
    {
        if (tokens.Find(text) is not { } token)
            return Refuse("");
        if (!KeyRequest.TryRead(Encoding.UTF8.GetBytes(request), out var key, out var unreadable))
            return Refuse(token, RegistryRefusalReason.Request, unreadable.Text);
        var device = token.Name ?? name;
        if (device is null)
            return Refuse(token, RegistryRefusalReason.Name, "the token says no name, so the device must: armada-edge enroll --name");
        if (name is not null && name != device)
            return Refuse(token, RegistryRefusalReason.Name, $"the token is for the device {device}; leave the name out or use that one");
        if (token.Use is { Done: true } && await desk.FindAsync(device, cancellation) is null)
            return Refuse(token.Id); // It was deleted since, and that ends what the token gave.

        var hash = Convert.ToHexStringLower(SHA256.HashData(key.Key.ExportSubjectPublicKeyInfo()));
        if (!await tokens.TryUseAsync(token.Id, device, hash, cancellation))
            return Refuse(token.Id);
        var done = await desk.CreateAsync(new NewDevice(device, DeviceKinds.Parse(token.Kind), token.Role, token.Site, request), cancellation);
        if (done.Answer.Refused is { } refused)
        {
            await tokens.GiveBackAsync(token.Id);
            return new EnrollmentAnswer(null, token.Id, new EnrollmentRefusal(false, refused, refused.Text));
        }

        await tokens.DoneAsync(token.Id);
        return new EnrollmentAnswer(done.Answer, token.Id, null);
    }

    private static EnrollmentAnswer Refuse(string id) => new(null, id, new EnrollmentRefusal(true, null, Nothing));

    private static EnrollmentAnswer Refuse(EnrollmentToken token, RegistryRefusalReason reason, string text) =>
        new(null, token.Id, new EnrollmentRefusal(false, new RegistryRefusal(reason, text), text));
}

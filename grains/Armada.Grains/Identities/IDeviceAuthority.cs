using System.Collections.Immutable;
using Armada.Core.Devices;

namespace Armada.Grains.Identities;

/// <summary>The authorities whose keys this silo was given.</summary>
public interface IDeviceAuthority
{
    /// <summary>SHA-256 of the key in a request (PKCS #10, PEM), or why it is refused.</summary>
    (string? Key, RegistryRefusal? Refused) ReadKey(string request);

    /// <summary>Signs a certificate for a request's key, which is not collected yet; both are null where none of the keys is here.</summary>
    /// <param name="role">Decides how long it is valid.</param>
    /// <param name="trusted">Ids of those that may sign, oldest first; the newest whose key is here does.</param>
    (RegisteredCertificate? Issued, RegistryRefusal? Refused) Issue(string device, BoardRole? role, string request, ImmutableArray<string> trusted);

    /// <summary>An authority's list of revoked certificates, PEM; null where its key is not here.</summary>
    string? SignList(string authority, IEnumerable<RevokedCertificate> revoked);
}

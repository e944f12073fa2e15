using Armada.Core.Devices;
using Armada.Silo.Api;
using Armada.Silo.Identities;

namespace Armada.Silo.Provisioning;

/// <summary>What a device's description must keep.</summary>
internal static class IdentityRules
{
    /// <summary>Checks a device's own name.</summary>
    public static void DeviceName(this RequestRules rules, string field, string name)
    {
        rules.Name(field, name);
        if (name.StartsWith(CertificateAuthority.SiloName, StringComparison.OrdinalIgnoreCase))
            rules.Add(field, $"names that begin with {CertificateAuthority.SiloName} are the silo's own");
    }

    /// <summary>Checks kind, role and site; what they say, where nothing is wrong.</summary>
    public static (DeviceKind Kind, BoardRole? Role) Kind(this RequestRules rules, string kind, string? role, string? site)
    {
        if (!DeviceKinds.TryParse(kind, out var parsed))
            rules.Add("kind", $"'{kind}' must be one of {DeviceKinds.All}");
        else if (parsed != DeviceKind.MicroPythonArm)
            rules.Absent("role", role, $"a {kind}");
        else if (RoleOf(role) is null)
            rules.Add("role", $"'{role}' must be leader or follower, for a {kind}");
        if (site is not null)
            rules.Name("site", site);
        return (parsed, RoleOf(role));
    }

    /// <summary>The word for a role, or null.</summary>
    public static string? WordOf(BoardRole? role) => role switch
    {
        null => null,
        BoardRole.Leader => "leader",
        BoardRole.Follower => "follower",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "no role of a board"),
    };

    private static BoardRole? RoleOf(string? word) => word switch
    {
        "leader" => BoardRole.Leader,
        "follower" => BoardRole.Follower,
        _ => null,
    };
}

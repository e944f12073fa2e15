using System.Collections.Immutable;
using System.Globalization;
using Armada.Core.Devices;

namespace Armada.Silo.AwsIot.Things;

/// <summary>The attributes of a thing that say what the device is.</summary>
internal static class Labels
{
    private const string Kind = "kind";
    private const string Role = "role";
    private const string Site = "site";
    private const string Created = "created";
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>Those by which AWS lists things; it takes three.</summary>
    public static IReadOnlyList<string> Searchable { get; } = [Kind, Role, Site];

    /// <summary>A device's.</summary>
    public static Dictionary<string, string> Of(NewDevice device, DateTimeOffset now)
    {
        var labels = OfSilo(now);
        labels[Kind] = DeviceKinds.NameOf(device.Kind);
        if (device.Role is { } role)
            labels[Role] = RoleName(role);
        if (device.Site is { } site)
            labels[Site] = site;
        return labels;
    }

    /// <summary>A silo's.</summary>
    public static Dictionary<string, string> OfSilo(DateTimeOffset now) =>
        new(StringComparer.Ordinal) { [Created] = now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture) };

    /// <summary>The site, or null.</summary>
    public static string? SiteOf(ThingAttributes note) => note.Labels.GetValueOrDefault(Site);

    /// <summary>The device that a thing stands for; null where its attributes do not say so.</summary>
    public static DeviceIdentity? Read(Thing thing)
    {
        var labels = thing.Note.Labels;
        var role = labels.GetValueOrDefault(Role);
        var board = Array.Find(Enum.GetValues<BoardRole>(), known => RoleName(known) == role);
        if (!DeviceKinds.TryParse(labels.GetValueOrDefault(Kind, ""), out var kind) || (role is not null && RoleName(board) != role)
            || !DateTimeOffset.TryParseExact(
                labels.GetValueOrDefault(Created), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created))
        {
            return null;
        }

        return new DeviceIdentity(
            thing.Name, kind, role is null ? null : board, SiteOf(thing.Note), created, [.. thing.Note.Certificates.Select(note => note.ToCertificate())]);
    }

    private static string RoleName(BoardRole role) => role == BoardRole.Leader ? "leader" : "follower";
}

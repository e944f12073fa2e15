using System.Globalization;
using System.Text.RegularExpressions;

namespace Armada.Tests.Architecture;

/// <summary>Log events: each id is used once over the whole product, and lies in the range of its folder.</summary>
public sealed partial class EventIdTests
{
    // The first one that fits counts.
    private static readonly (string Folder, int First, int Last)[] Ranges =
    [
        ("silo/Armada.Silo/Store/", 1000, 1009),
        ("silo/Armada.Silo/Access/Keys/", 1100, 1119),
        ("grains/Armada.Grains/Robots/RobotGrain.cs", 1610, 1619),
        ("grains/Armada.Grains/Robots/", 1120, 1199),
        ("silo/Armada.Silo/Ingress/", 1200, 1299),
        ("silo/Armada.Silo/Arena/", 1300, 1309),
        ("silo/Armada.Silo/Panel/", 1340, 1349),
        ("silo/Armada.Silo/Remotes/", 1320, 1329),
        ("silo/Armada.Silo/MicroPython/", 1330, 1339),
        ("silo/Armada.Silo/Rooms/", 1400, 1499),
        ("silo/Armada.Silo/Access/", 1500, 1549),
        ("silo/Armada.Silo/Audit/", 1550, 1559),
        ("grains/Armada.Grains/Storage/", 2300, 2399),
        ("grains/Armada.Grains/Sequences/", 1670, 1679),
        ("grains/Armada.Grains/", 1600, 1659),
        ("silo/Armada.Silo/Engine/", 1660, 1669),
        ("silo/Armada.Silo/Cluster/", 1680, 1699),
        ("silo/Armada.Silo/Identities/", 1700, 1719),
        ("silo/Armada.Silo/Mqtt/", 1720, 1729),
        ("silo/Armada.Silo/Provisioning/", 1730, 1799),
        ("silo/Armada.Silo/SupervisedLoop.cs", 1900, 1909),
        ("silo/Armada.Silo/SiloHost.cs", 1910, 1919),
        ("grains/Armada.Mqtt/", 2000, 2199),
        ("silo/Armada.Silo.AwsIot/", 2200, 2299),
        ("edge-agent/", 3000, 3999),
    ];

    [Fact]
    public void An_event_id_is_used_once()
    {
        var events = Events();
        Assert.True(events.Count > 50);
        Repository.AssertNone(events.GroupBy(one => one.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(one => one.File))}"));
    }

    [Fact]
    public void An_event_id_lies_in_the_range_of_its_folder() =>
        Repository.AssertNone(Events()
            .Where(one => Ranges.FirstOrDefault(range => one.File.StartsWith(range.Folder, StringComparison.Ordinal)) is var range && (one.Id < range.First || one.Id > range.Last))
            .Select(one => $"{one.Id} in {one.File}"));

    [Fact]
    public void Every_event_has_an_id() =>
        Repository.AssertNone(Repository.ProductSources
            .Where(source => source.Text.Split("[LoggerMessage(").Length - 1 != EventId().Count(source.Text))
            .Select(source => source.Path));

    private static List<(int Id, string File)> Events() =>
        [.. Repository.ProductSources.SelectMany(source => EventId().Matches(source.Text).Select(id => (int.Parse(id.Groups[1].Value, CultureInfo.InvariantCulture), source.Path)))];

    [GeneratedRegex(@"\[LoggerMessage\(\s*(\d+),")]
    private static partial Regex EventId();
}

using System.Text;

namespace Armada.Mqtt;

/// <summary>MQTT's rules for topics and filters (MQTT 5.0, section 4.7).</summary>
public static class TopicFilter
{
    /// <summary>Longest topic or filter in bytes of UTF-8.</summary>
    public const int MostBytes = 65_535;

    /// <summary>Whether it follows the rules: a plus fills its level, a hash fills the last one.</summary>
    public static bool IsValid(string filter)
    {
        if (filter.Length == 0 || filter.Contains('\0', StringComparison.Ordinal)) return false;
        if (Encoding.UTF8.GetByteCount(filter) > MostBytes) return false;
        var levels = filter.Split('/');
        for (var i = 0; i < levels.Length; i++)
        {
            var level = levels[i];
            if (level.Contains('+', StringComparison.Ordinal) && level.Length > 1) return false;
            if (level.Contains('#', StringComparison.Ordinal) && (level.Length > 1 || i < levels.Length - 1)) return false;
        }
        return true;
    }

    /// <summary>Whether a topic matches a filter; <c>$share/group/</c> must have been cut off before.</summary>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> topic)
    {
        if (topic.Length > 0 && topic[0] == (byte)'$' && filter.Length > 0 && filter[0] is (byte)'+' or (byte)'#') return false;
        while (true)
        {
            var filterLevel = Level(filter, out var filterRest, out var filterEnds);
            if (filterLevel is [(byte)'#']) return true;
            var topicLevel = Level(topic, out var topicRest, out var topicEnds);
            if (filterLevel is not [(byte)'+'] && !filterLevel.SequenceEqual(topicLevel)) return false;
            if (topicEnds) return filterEnds || filterRest is [(byte)'#'];
            if (filterEnds) return false;
            filter = filterRest;
            topic = topicRest;
        }
    }

    /// <summary>What the broker matches against: the filter without <c>$share/group/</c>.</summary>
    public static ReadOnlySpan<byte> WithoutShare(ReadOnlySpan<byte> filter)
    {
        if (!filter.StartsWith("$share/"u8)) return filter;
        var group = filter["$share/"u8.Length..];
        return group[(group.IndexOf((byte)'/') + 1)..];
    }

    private static ReadOnlySpan<byte> Level(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> rest, out bool ends)
    {
        var slash = path.IndexOf((byte)'/');
        ends = slash < 0;
        rest = ends ? default : path[(slash + 1)..];
        return ends ? path : path[..slash];
    }
}

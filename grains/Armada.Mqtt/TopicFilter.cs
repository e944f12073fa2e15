using System.Text;

namespace Armada.Mqtt;

/// <summary>MQTT's rules for topics and filters (MQTT 5.0, section 4.7).</summary>
/// <remarks>MQTTnet's own comparer says that <c>a/+/c</c> does not match <c>a//c</c>, and its validators let <c>a+</c> pass.</remarks>
public static class TopicFilter
{
    /// <summary>Longest topic or filter in bytes of UTF-8.</summary>
    public const int MaxBytes = 65_535;

    private const string SharePrefix = "$share/";

    /// <summary>Whether one can publish to it: not empty, no wildcard, no null character.</summary>
    public static bool IsTopic(string topic) =>
        topic.Length > 0 && topic.AsSpan().IndexOfAny('+', '#', '\0') < 0 && Encoding.UTF8.GetByteCount(topic) <= MaxBytes;

    /// <summary>Whether one can subscribe to it: a plus fills its level, a hash fills the last one.</summary>
    public static bool IsValid(string filter)
    {
        if (filter.Length == 0 || filter.Contains('\0', StringComparison.Ordinal)) return false;
        if (Encoding.UTF8.GetByteCount(filter) > MaxBytes) return false;
        var levels = filter.Split('/');
        return !levels.Where((level, at) => level.Length > 1 ? level.AsSpan().ContainsAny('+', '#') : level is "#" && at < levels.Length - 1).Any();
    }

    /// <summary>Whether a topic matches a filter; the prefix <c>$share/group/</c> must have been removed from it.</summary>
    public static bool Matches(ReadOnlySpan<char> filter, ReadOnlySpan<char> topic)
    {
        if (topic is ['$', ..] && filter is ['+' or '#', ..]) return false;
        while (true)
        {
            var filterLevel = Level(filter, out var filterRest, out var filterEnds);
            if (filterLevel is ['#']) return true;
            var topicLevel = Level(topic, out var topicRest, out var topicEnds);
            if (filterLevel is not ['+'] && !filterLevel.SequenceEqual(topicLevel)) return false;
            if (topicEnds) return filterEnds || filterRest is ['#'];
            if (filterEnds) return false;
            filter = filterRest;
            topic = topicRest;
        }
    }

    /// <summary>What the broker compares topics with: the filter without <c>$share/group/</c>.</summary>
    public static string WithoutShare(string filter) =>
        filter.StartsWith(SharePrefix, StringComparison.Ordinal) ? filter[(filter.IndexOf('/', SharePrefix.Length) + 1)..] : filter;

    private static ReadOnlySpan<char> Level(ReadOnlySpan<char> path, out ReadOnlySpan<char> rest, out bool ends)
    {
        var slash = path.IndexOf('/');
        ends = slash < 0;
        rest = ends ? default : path[(slash + 1)..];
        return ends ? path : path[..slash];
    }
}

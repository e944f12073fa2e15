using System.Text;

namespace Armada.Core.Topics;

public enum Channel : byte
{
    None,

    /// <summary>State frames, device to silo, QoS 0.</summary>
    State,

    /// <summary>Command frames, silo to device, QoS 0.</summary>
    Command,

    /// <summary>Control messages, silo to device, QoS 1.</summary>
    Control,

    /// <summary>Answers to control messages, device to silo, QoS 1.</summary>
    ControlReply,

    /// <summary>Presence, device to silo, QoS 1, retained, last will.</summary>
    Presence,
}

public sealed class TopicMap
{
    public const string DefaultRoot = "armada/v1";

    private readonly byte[] prefix;

    /// <exception cref="ArgumentException">The root is empty, has a wildcard, an empty level, or more than three levels.</exception>
    public TopicMap(string root = DefaultRoot)
    {
        var levels = root.Split('/');
        if (levels.Length > 3 || levels.Any(level => level.Length == 0 || level.AsSpan().ContainsAny('#', '+', '\0')))
            throw new ArgumentException($"topic root '{root}' must be one to three levels without wildcards", nameof(root));
        Root = root;
        prefix = Encoding.UTF8.GetBytes(root + "/");
    }

    public string Root { get; }

    public string Of(string device, Channel channel) => $"{Root}/{device}/{Suffix(channel)}";

    public string Every(Channel channel) => $"{Root}/+/{Suffix(channel)}";

    /// <summary>Splits a UTF-8 topic without allocating; false where it is not one of ours.</summary>
    public bool TryParse(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> device, out Channel channel)
    {
        device = default;
        channel = Channel.None;
        if (!topic.StartsWith(prefix))
            return false;
        var rest = topic[prefix.Length..];
        var slash = rest.IndexOf((byte)'/');
        if (slash < 0 || !DeviceName.IsValid(rest[..slash]))
            return false;
        channel = Parse(rest[(slash + 1)..]);
        if (channel == Channel.None)
            return false;
        device = rest[..slash];
        return true;
    }

    private static string Suffix(Channel channel) => channel switch
    {
        Channel.State => "state",
        Channel.Command => "cmd",
        Channel.Control => "ctl",
        Channel.ControlReply => "ctl/reply",
        Channel.Presence => "presence",
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "no topic"),
    };

    private static Channel Parse(ReadOnlySpan<byte> suffix) =>
        suffix.SequenceEqual("state"u8) ? Channel.State
        : suffix.SequenceEqual("cmd"u8) ? Channel.Command
        : suffix.SequenceEqual("ctl"u8) ? Channel.Control
        : suffix.SequenceEqual("ctl/reply"u8) ? Channel.ControlReply
        : suffix.SequenceEqual("presence"u8) ? Channel.Presence
        : Channel.None;
}

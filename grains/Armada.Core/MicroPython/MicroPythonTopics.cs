using Armada.Core.Topics;

namespace Armada.Core.MicroPython;

/// <summary>The topics of MicroPython arms: one per thing, on which a leader tells its pose and a follower is told one.</summary>
/// <exception cref="ArgumentException">The root is empty, has a wildcard, an empty level, or more than three levels.</exception>
public sealed class MicroPythonTopics(string root = MicroPythonTopics.DefaultRoot)
{
    public const string DefaultRoot = "the-project/robotic";

    private readonly TopicMap map = new(root);

    public string Root => map.Root;

    public string Every => map.Every(Channel.State);

    public string Of(string thing) => map.Of(thing, Channel.State);

    /// <summary>Finds the thing in a topic without allocating; false for any other topic.</summary>
    public bool TryParse(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> thing) =>
        map.TryParse(topic, out thing, out var channel) && channel == Channel.State;
}

using Armada.Core.Topics;

namespace Armada.Core.MicroPython;

/// <summary>The topics of MicroPython arms: one per thing, on which a leader tells its pose and a follower is told one.</summary>
/// <param name="root">First levels of every topic.</param>
/// <exception cref="ArgumentException">The root is empty, has a wildcard, an empty level, or more than three levels.</exception>
public sealed class MicroPythonTopics(string root = MicroPythonTopics.DefaultRoot)
{
    /// <summary>The root that is used unless another is configured.</summary>
    public const string DefaultRoot = "the-project/robotic";

    private readonly TopicMap map = new(root);

    /// <summary>The root, without a slash at its end.</summary>
    public string Root => map.Root;

    /// <summary>The filter that matches every thing's topic.</summary>
    public string Every => map.Every(Channel.State);

    /// <summary>The topic of one thing.</summary>
    public string Of(string thing) => map.Of(thing, Channel.State);

    /// <summary>Finds the thing in a topic without allocating; false where the topic is not one of these.</summary>
    /// <param name="topic">UTF-8 topic.</param>
    /// <param name="thing">The thing's name, a part of <paramref name="topic"/>.</param>
    public bool TryParse(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> thing) =>
        map.TryParse(topic, out thing, out var channel) && channel == Channel.State;
}

using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Grains.Robots;

/// <summary>A robot's answer to a door.</summary>
/// <param name="Reply">The answer.</param>
/// <param name="Told">What the door's parties were told before it, at this robot and others that were asked on the way.</param>
[GenerateSerializer, Immutable, Alias("armada.door-reply")]
public sealed record DoorReply([property: Id(0)] RobotReply Reply, [property: Id(1)] ImmutableArray<Told> Told)
{
    /// <summary>A refusal without effects.</summary>
    public static DoorReply Refuse(RefusalReason reason, string text) => new(new RobotReply(new Refusal(reason, text), null), []);
}

/// <summary>How much the parties of a door were told by a robot.</summary>
/// <param name="Robot">Robot id.</param>
/// <param name="Life">The life of its grain; numbers mean something within one life only.</param>
/// <param name="Number">The last number.</param>
[GenerateSerializer, Immutable, Alias("armada.told")]
public sealed record Told([property: Id(0)] string Robot, [property: Id(1)] long Life, [property: Id(2)] long Number);

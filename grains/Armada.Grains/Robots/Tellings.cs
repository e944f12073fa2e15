using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Grains.Robots;

/// <summary>What a door has to tell its parties.</summary>
/// <param name="IsKnown">Whether the robot knows the door; where it does not, the parties of that life are connected no more.</param>
/// <param name="New">In the order of their numbers, which have gaps where a command was overtaken or a party has left.</param>
/// <param name="UpTo">The number up to which there is nothing but these.</param>
[GenerateSerializer, Immutable, Alias("armada.tellings")]
public sealed record Tellings([property: Id(0)] bool IsKnown, [property: Id(1)] ImmutableArray<Telling> New, [property: Id(2)] long UpTo)
{
    /// <summary>The robot does not know the door.</summary>
    public static Tellings Unknown { get; } = new(false, [], 0);
}

/// <summary>One thing to tell one party: a note, the next command, or that it is disconnected.</summary>
/// <param name="Number">Rises with each.</param>
/// <param name="Party">The party's number at its door.</param>
/// <param name="Note">What happened, or null.</param>
/// <param name="Gone">Why it is disconnected, or null.</param>
/// <param name="Stamp">Of a command.</param>
/// <param name="Positions">Of a command, one per joint, NaN where nothing is commanded; default where this is no command.</param>
[GenerateSerializer, Immutable, Alias("armada.telling")]
public sealed record Telling(
    [property: Id(0)] long Number,
    [property: Id(1)] long Party,
    [property: Id(2)] RobotEvent? Note = null,
    [property: Id(3)] string? Gone = null,
    [property: Id(4)] SampleStamp Stamp = default,
    [property: Id(5)] ImmutableArray<double> Positions = default);

using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Orleans.Concurrency;

namespace Armada.Grains.Fleet;

/// <summary>The directory of all robots and the fleet's stop. There is one, under <see cref="Key"/>.</summary>
[GrainInterfaceType("armada.fleet"), Alias("armada.fleet")]
public interface IFleetGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "fleet";

    /// <summary>Every robot and the latch, now.</summary>
    [Alias("roll"), AlwaysInterleave]
    Task<FleetDirectory> RollAsync();

    /// <summary>Lists a robot that is about to be made; gives the latch that it begins under, or why it was not listed.</summary>
    [Alias("register")]
    Task<FleetEntry> RegisterAsync(string robot);

    /// <summary>Lists a robot no more.</summary>
    [Alias("forget")]
    Task ForgetAsync(string robot);

    /// <summary>Latches the fleet's stop: every robot has it before it is written.</summary>
    [Alias("stop"), AlwaysInterleave]
    Task<FleetReply> StopAsync(string door);

    /// <summary>Releases the fleet's stop: it is written before any robot has it.</summary>
    [Alias("reset"), AlwaysInterleave]
    Task<FleetReply> ResetAsync(string door);
}

/// <summary>The fleet's stop; of two the one with the higher version stands.</summary>
[GenerateSerializer, Immutable, Alias("armada.fleet-latch")]
public sealed record FleetLatch([property: Id(0)] bool Stopped, [property: Id(1)] long Version);

/// <summary>Every robot's id, ordered, and the fleet's stop.</summary>
[GenerateSerializer, Immutable, Alias("armada.fleet-roll")]
public sealed record FleetDirectory([property: Id(0)] ImmutableSortedSet<string> Robots, [property: Id(1)] FleetLatch Latch);

/// <summary>What came of listing a robot.</summary>
[GenerateSerializer, Immutable, Alias("armada.fleet-entry")]
public sealed record FleetEntry([property: Id(0)] Refusal? Refused, [property: Id(1)] FleetLatch Latch);

/// <summary>What came of a stop or a release.</summary>
/// <param name="Refused">What could not be done, or null.</param>
/// <param name="Told">What the door's parties were told meanwhile.</param>
[GenerateSerializer, Immutable, Alias("armada.fleet-reply")]
public sealed record FleetReply([property: Id(0)] Refusal? Refused, [property: Id(1)] ImmutableArray<Told> Told);

using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Grains.Robots;

namespace Armada.Grains.Fleet;

/// <summary>The directory of all robots and the fleet's stop. There is one, under <see cref="Key"/>.</summary>
[GrainInterfaceType("armada.fleet"), Alias("armada.fleet")]
public interface IFleetGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "fleet";

    /// <summary>Every robot and the latch, now.</summary>
    [Alias("read")]
    Task<FleetDirectory> ReadAsync();

    /// <summary>Lists a robot; gives the latch that it begins under, or why it was not listed.</summary>
    [Alias("register")]
    Task<FleetEntry> RegisterAsync(string robot);

    /// <summary>Removes a robot from the directory.</summary>
    [Alias("forget")]
    Task ForgetAsync(string robot);

    /// <summary>Latches the fleet's stop: every robot has it before it is stored.</summary>
    /// <param name="observer">The process that asks; its sessions hear what happened before it has the answer.</param>
    [Alias("stop")]
    Task<Refusal?> StopAsync(IRobotObserver observer);

    /// <summary>Releases the fleet's stop: it is stored before any robot has it.</summary>
    /// <param name="observer">The process that asks; its sessions hear what happened before it has the answer.</param>
    [Alias("reset")]
    Task<Refusal?> ResetAsync(IRobotObserver observer);

    /// <summary>Moves the directory to another silo.</summary>
    [Alias("move")]
    Task MoveAsync(SiloAddress to);
}

/// <summary>The fleet's stop; of two the one with the higher version stands.</summary>
[GenerateSerializer, Immutable, Alias("armada.fleet-latch")]
public sealed record FleetLatch([property: Id(0)] bool Stopped, [property: Id(1)] long Version);

/// <summary>Every robot's id, ordered, and the fleet's stop.</summary>
[GenerateSerializer, Immutable, Alias("armada.fleet-directory")]
public sealed record FleetDirectory([property: Id(0)] ImmutableSortedSet<string> Robots, [property: Id(1)] FleetLatch Latch);

/// <summary>What came of listing a robot.</summary>
[GenerateSerializer, Immutable, Alias("armada.fleet-entry")]
public sealed record FleetEntry([property: Id(0)] Refusal? Refused, [property: Id(1)] FleetLatch Latch);

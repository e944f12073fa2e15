using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Grains.Robots;

/// <summary>One process that has sessions at robots; there is one in each silo.</summary>
[GrainInterfaceType("armada.robot-observer"), Alias("armada.robot-observer")]
public interface IRobotObserver : IGrainObserver
{
    /// <summary>Takes what a robot has to tell the process's sessions, in order. The next batch is sent when this has ended.</summary>
    [Alias("notify")]
    Task NotifyAsync([Immutable] ImmutableArray<RobotNotification> notifications);
}

/// <summary>One thing to tell one session: an event, the next command, or that it is disconnected.</summary>
/// <param name="Session">The session's number, unique in its process.</param>
/// <param name="Event">What happened, or null.</param>
/// <param name="Disconnected">Why it is disconnected, or null.</param>
/// <param name="Stamp">Of a command.</param>
/// <param name="Positions">Of a command, one per joint, NaN where nothing is commanded; default where this is no command.</param>
[GenerateSerializer, Immutable, Alias("armada.robot-notification")]
public sealed record RobotNotification(
    [property: Id(0)] long Session,
    [property: Id(1)] RobotEvent? Event = null,
    [property: Id(2)] string? Disconnected = null,
    [property: Id(3)] SampleStamp Stamp = default,
    [property: Id(4)] ImmutableArray<double> Positions = default);

using System.ComponentModel;
using Armada.Core.Robots;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Panel;

/// <summary>What changes of a robot while it works.</summary>
internal sealed record PanelState(
    [property: Description("The robot's own stop is latched.")] bool Stopped,
    [property: Description("The fleet's stop is latched.")] bool FleetStopped,
    [property: Description("A manual command is being executed or has been just now.")] bool Manual,
    PanelMaster? Master,
    IReadOnlyList<PanelSlave> Slaves,
    IReadOnlyList<PanelJoint> Joints);

/// <summary>A robot's master.</summary>
internal sealed record PanelMaster(
    string Name,
    string Type,
    MasterState State,
    [property: Description("Of a motion, where it stands; otherwise null.")] PanelPlaying? Playing);

/// <summary>Where a motion stands.</summary>
internal sealed record PanelPlaying(double PositionMs, double DurationMs, bool Loop, bool Paused);

/// <summary>One of a robot's slaves.</summary>
internal sealed record PanelSlave(
    string Name,
    string Type,
    SlaveState State,
    [property: Description("Why it has failed.")] string? Reason,
    [property: Description("It moves slowly towards the master's pose and does not track yet.")] bool Approaching,
    [property: Description("Connected, and bound to nothing.")] bool Unbound,
    [property: Description("From the leader's capture to the write on this follower's bus; read once a second.")] LagPercentiles? LagMs);

/// <summary>One joint, joint units in hundredths.</summary>
internal sealed record PanelJoint(
    string Name,
    [property: Description("As the master or the panel asked for it.")] double? Commanded,
    [property: Description("Where the virtual robot is.")] double? Virtual,
    [property: Description("Where it is on the first slave that says so.")] double? Real);

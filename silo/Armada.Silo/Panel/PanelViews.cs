using System.ComponentModel;
using Armada.Core.Control;

namespace Armada.Silo.Panel;

/// <summary>The part of a robot that changes while it works.</summary>
internal sealed record PanelState(
    [property: Description("The robot's own stop is latched.")] bool Stopped,
    [property: Description("The fleet's stop is latched.")] bool FleetStopped,
    [property: Description("A manual command is being executed or was until just now.")] bool Manual,
    PanelMaster? Master,
    IReadOnlyList<PanelSlave> Slaves,
    IReadOnlyList<PanelJoint> Joints);

internal sealed record PanelMaster(
    string Name,
    string Type,
    MasterState State,
    [property: Description("Playback position of a sequence; otherwise null.")] PlayingView? Playing,
    [property: Description("A device's two connections; null where it has one.")] IReadOnlyList<PanelPath>? Paths);

internal sealed record PanelSlave(
    string Name,
    string Type,
    SlaveState State,
    [property: Description("Why it failed.")] string? Reason,
    [property: Description("It approaches the master's pose slowly and does not track it yet.")] bool Approaching,
    [property: Description("Connected without a binding.")] bool Unbound,
    [property: Description("From the leader's capture to the write on this follower's bus; read once a second.")] LagPercentiles? LagMs,
    [property: Description("How its motion comes over the network and is played, as its agent says every 2 s; null without a master.")] PlayoutReport? Playout,
    [property: Description("Its two connections; null where it has one.")] IReadOnlyList<PanelPath>? Paths);

internal sealed record PanelPath(bool Connected, string? Interface)
{
    public static IReadOnlyList<PanelPath>? Of(DeviceReport? said) =>
        said is { HasSecondPath: true } ? [.. said.Paths.Select((path, index) => new PanelPath(path.Connected && (index > 0 || said.Online), path.Interface))] : null;
}

/// <summary>Positions in the joint's unit, rounded to hundredths.</summary>
internal sealed record PanelJoint(
    string Name,
    [property: Description("Goal of the master or the panel.")] double? Commanded,
    [property: Description("Position of the virtual robot.")] double? Virtual,
    [property: Description("Position reported by the first slave that reports one.")] double? Real);

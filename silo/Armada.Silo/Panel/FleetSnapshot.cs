using System.Collections.Immutable;

namespace Armada.Silo.Panel;

/// <summary>The whole fleet as watchers see it at one moment. Immutable; parts that did not change are those of the picture before.</summary>
/// <param name="Seq">Its number; grows with every picture.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Fleet">The fleet as a whole.</param>
/// <param name="Robots">Every robot, by id.</param>
/// <param name="Roster">The ids of the robots, in the same order.</param>
internal sealed record FleetSnapshot(
    long Seq, DateTimeOffset At, PanelPart Fleet, ImmutableArray<PanelRobot> Robots, RobotList Roster);

/// <summary>A piece of JSON, written once for all watchers.</summary>
/// <param name="Json">One JSON value.</param>
/// <param name="Since">Number of the picture in which it came to be.</param>
internal sealed record PanelPart(byte[] Json, long Since);

/// <summary>Which robots there are.</summary>
/// <param name="Ids">Their ids in order.</param>
/// <param name="Since">Number of the picture in which they came to be these.</param>
internal sealed record RobotList(ImmutableArray<string> Ids, long Since);

/// <summary>One robot in a picture.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">Its document's version.</param>
/// <param name="VersionSince">Number of the picture in which it came to have this version.</param>
/// <param name="State">What changes of it while it works.</param>
/// <param name="View">All of it in the words of the REST API, as of this picture; written when a watcher first needs it.</param>
internal sealed record PanelRobot(string Id, long Version, long VersionSince, PanelPart State, Lazy<byte[]> View);

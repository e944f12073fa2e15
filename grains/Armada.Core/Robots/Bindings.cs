using System.Collections.Immutable;
using Armada.Core.Rooms;

namespace Armada.Core.Robots;

/// <summary>What a master is.</summary>
public enum MasterKind : byte
{
    /// <summary>A leader arm; the binding lasts, and a lease begins with its frames.</summary>
    Device,

    /// <summary>A program at one of the silo's doors; gone when it leaves or falls silent.</summary>
    Remote,

    /// <summary>A stored sequence; gone when it has ended, or with the process.</summary>
    Sequence,
}

/// <summary>Who may command a robot; the lease on top of it lives only while its commands come.</summary>
/// <param name="Name">Device, client or sequence name.</param>
/// <param name="Kind">What it is.</param>
[GenerateSerializer, Immutable, Alias("armada.master.binding")]
public sealed record MasterBinding([Id(0)] string Name, [Id(1)] MasterKind Kind = MasterKind.Device);

/// <summary>What a slave is.</summary>
public enum SlaveKind : byte
{
    /// <summary>A follower arm or any driven device behind an agent: answers with frames.</summary>
    Device,

    /// <summary>A MicroPython follower, driven by JSON on the topic it listens to; answers nothing.</summary>
    MicroPython,

    /// <summary>A client at the silo's slave door; may report where its joints are.</summary>
    WebSocket,

    /// <summary>A robot of another service, to whose slave door the silo dials out.</summary>
    Remote,
}

/// <summary>What differs between a robot's joint and the same joint of one slave.</summary>
/// <param name="Joint">Canonical name of the robot's joint.</param>
/// <param name="Offset">Added to what is sent, taken from what is read, joint units, ±<see cref="MaxOffset"/>.</param>
/// <param name="Name">The slave's own name of it, or null where it is the same.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.mapping")]
public sealed record JointMapping([Id(0)] string Joint, [Id(1)] double Offset = 0, [Id(2)] string? Name = null)
{
    /// <summary>Largest offset, joint units: half a turn, the most by which a servo can be mounted wrongly.</summary>
    public const double MaxOffset = 180;
}

/// <summary>A target that executes a robot's commands.</summary>
/// <param name="Name">
/// The slave's name; of a device the device's, of a MicroPython follower that of the thing on whose topic it listens.
/// </param>
/// <param name="Kind">What it is.</param>
/// <param name="Url">Of a remote slave, the other service's slave door, ws or wss; otherwise null.</param>
/// <param name="JointMappings">Joints that differ; default for none.</param>
[GenerateSerializer, Immutable, Alias("armada.slave.binding")]
public sealed record SlaveBinding(
    [Id(0)] string Name,
    [Id(1)] SlaveKind Kind = SlaveKind.Device,
    [Id(2)] string? Url = null,
    [Id(3)] ImmutableArray<JointMapping> JointMappings = default)
{
    /// <summary>Whether its name is that of a device, which serves one robot at a time.</summary>
    public bool IsDevice => Kind is SlaveKind.Device or SlaveKind.MicroPython;

    /// <summary>Joints that differ; never default.</summary>
    public ImmutableArray<JointMapping> JointMappings { get => field.IsDefault ? [] : field; init; } = JointMappings;

    public bool Equals(SlaveBinding? other) =>
        other is not null && Name == other.Name && Kind == other.Kind && Url == other.Url && JointMappings.AsSpan().SequenceEqual(other.JointMappings.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Name, Kind, Url, JointMappings.Length);
}

/// <summary>The room that a robot is, in the words of RobotHub's transport protocol.</summary>
/// <param name="Workspace">Workspace id, 1 to 100 characters.</param>
/// <param name="Id">Room id, unique in its workspace, 1 to 100 characters.</param>
/// <param name="MaxConsumers">Most consumers it may have, or null for the usual number; no part of the name.</param>
[GenerateSerializer, Immutable, Alias("armada.room")]
public sealed record RoomName([Id(0)] string Workspace, [Id(1)] string Id, [Id(2)] int? MaxConsumers = null)
{
    /// <summary>Whether a text can be a workspace or room id that one segment of a URL path carries.</summary>
    /// <remarks>A server splits a path at an escaped slash too or leaves it escaped, and clients resolve dot segments before they ask.</remarks>
    public static bool IsId(string? id) => RoomReader.IsId(id) && id is not ("." or "..") && !id!.Contains('/', StringComparison.Ordinal);

    public bool Equals(RoomName? other) => other is not null && Workspace == other.Workspace && Id == other.Id;

    public override int GetHashCode() => HashCode.Combine(Workspace, Id);
}

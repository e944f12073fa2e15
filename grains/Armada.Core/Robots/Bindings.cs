using Armada.Core.Rooms;

namespace Armada.Core.Robots;

public enum MasterKind : byte
{
    /// <summary>A leader arm; the binding lasts, and a lease begins with its frames.</summary>
    Device,

    /// <summary>A program connected to the silo; unbound when it leaves or falls silent.</summary>
    Remote,

    /// <summary>A stored sequence; unbound when it has ended, or with the process.</summary>
    Sequence,
}

/// <summary>Who may command a robot; its lease lives only while its commands come.</summary>
[GenerateSerializer, Immutable, Alias("armada.master.binding")]
public sealed record MasterBinding([Id(0)] string Name, [Id(1)] MasterKind Kind = MasterKind.Device);

public enum SlaveKind : byte
{
    /// <summary>A follower arm or any driven device behind an agent: answers with frames.</summary>
    Device,

    /// <summary>A MicroPython follower, driven by JSON on the topic it listens to; answers nothing.</summary>
    MicroPython,

    /// <summary>A client of the silo's slave endpoint; may report where its joints are.</summary>
    WebSocket,

    /// <summary>A robot of another service, to whose slave endpoint the silo connects.</summary>
    Remote,
}

/// <summary>How a joint of one slave differs from the same joint of the robot.</summary>
/// <param name="Joint">The robot's canonical name.</param>
/// <param name="Offset">Added to what is sent, subtracted from what is read, joint units, ±<see cref="MaxOffset"/>.</param>
/// <param name="Name">The slave's own name, or null for the same.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.mapping")]
public sealed record JointMapping([Id(0)] string Joint, [Id(1)] double Offset = 0, [Id(2)] string? Name = null)
{
    /// <summary>Largest offset, joint units: half a turn, the most by which a servo can be mounted wrongly.</summary>
    public const double MaxOffset = 180;
}

/// <param name="Name">For a device its device name, for a MicroPython follower the thing on whose topic it listens.</param>
/// <param name="Url">For a remote slave, the other service's slave endpoint, ws or wss; otherwise null.</param>
[GenerateSerializer, Immutable, Alias("armada.slave.binding")]
public sealed record SlaveBinding(
    [Id(0)] string Name,
    [Id(1)] SlaveKind Kind = SlaveKind.Device,
    [Id(2)] string? Url = null,
    [Id(3)] ImmutableArray<JointMapping> JointMappings = default)
{
    /// <summary>Whether its name is that of a device, which serves one robot at a time.</summary>
    public bool IsDevice => Kind is SlaveKind.Device or SlaveKind.MicroPython;

    /// <summary>Never default.</summary>
    public ImmutableArray<JointMapping> JointMappings { get => field.IsDefault ? [] : field; init; } = JointMappings;

    public bool Equals(SlaveBinding? other) =>
        other is not null && Name == other.Name && Kind == other.Kind && Url == other.Url && JointMappings.AsSpan().SequenceEqual(other.JointMappings.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Name, Kind, Url, JointMappings.Length);
}

/// <summary>A robot's name as a room of RobotHub's transport protocol.</summary>
/// <param name="Workspace">1 to 100 characters.</param>
/// <param name="Id">Unique in its workspace, 1 to 100 characters.</param>
/// <param name="MaxConsumers">Null for the default; no part of the name.</param>
[GenerateSerializer, Immutable, Alias("armada.room")]
public sealed record RoomName([Id(0)] string Workspace, [Id(1)] string Id, [Id(2)] int? MaxConsumers = null)
{
    /// <summary>Whether a text can be a workspace or room id that one segment of a URL path carries.</summary>
    /// <remarks>A server splits a path at an escaped slash too or leaves it escaped, and clients resolve dot segments before they ask.</remarks>
    public static bool IsId(string? id) => RoomReader.IsId(id) && id is not ("." or "..") && !id!.Contains('/', StringComparison.Ordinal);

    public bool Equals(RoomName? other) => other is not null && Workspace == other.Workspace && Id == other.Id;

    public override int GetHashCode() => HashCode.Combine(Workspace, Id);
}

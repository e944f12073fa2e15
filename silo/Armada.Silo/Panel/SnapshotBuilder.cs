using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Armada.Core.Robots;
using Armada.Silo.Api;
using Armada.Silo.Engine;
using Armada.Silo.Telemetry;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Armada.Silo.Panel;

/// <summary>Makes each picture from the one before and what the engine says now. Used by one caller at a time.</summary>
internal sealed class SnapshotBuilder : IDisposable
{
    private readonly PanelReader panel;
    private readonly RobotReader robots;
    private readonly JsonTypeInfo<PanelState> stateJson;
    private readonly JsonTypeInfo<RobotView> robotJson;
    private readonly JsonTypeInfo<FleetView> fleetJson;
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Utf8JsonWriter writer;
    private readonly Dictionary<string, LagPercentiles?> lag = new(StringComparer.Ordinal);

    /// <summary>Writes JSON as the REST API does.</summary>
    public SnapshotBuilder(PanelReader panel, RobotReader robots, IOptions<JsonOptions> json)
    {
        (this.panel, this.robots) = (panel, robots);
        var options = json.Value.SerializerOptions;
        stateJson = (JsonTypeInfo<PanelState>)options.GetTypeInfo(typeof(PanelState));
        robotJson = (JsonTypeInfo<RobotView>)options.GetTypeInfo(typeof(RobotView));
        fleetJson = (JsonTypeInfo<FleetView>)options.GetTypeInfo(typeof(FleetView));
        writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true });
    }

    /// <summary>Lets the next picture read the followers' lags anew.</summary>
    public void ForgetLags() => lag.Clear();

    /// <summary>The next picture.</summary>
    /// <param name="before">The one before, or null.</param>
    /// <param name="seq">Its number.</param>
    /// <param name="at">When it is taken.</param>
    /// <param name="fleet">The fleet now.</param>
    /// <param name="now">Every robot now, by id.</param>
    public FleetSnapshot Make(FleetSnapshot? before, long seq, DateTimeOffset at, FleetView fleet, IReadOnlyList<RobotSnapshot> now)
    {
        var known = before is null ? null : before.Robots.ToDictionary(robot => robot.Id, StringComparer.Ordinal);
        var next = ImmutableArray.CreateBuilder<PanelRobot>(now.Count);
        foreach (var robot in now)
            next.Add(Make(known?.GetValueOrDefault(robot.Document.Id), seq, robot));
        var ids = now.Select(robot => robot.Document.Id).ToImmutableArray();
        var roster = before is not null && before.Roster.Ids.AsSpan().SequenceEqual(ids.AsSpan()) ? before.Roster : new RobotList(ids, seq);
        return new FleetSnapshot(seq, at, Part(before?.Fleet, seq, fleet, fleetJson), next.MoveToImmutable(), roster);
    }

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

    private PanelRobot Make(PanelRobot? before, long seq, RobotSnapshot robot)
    {
        var version = robot.Document.Version;
        return new PanelRobot(
            robot.Document.Id,
            version,
            before?.Version == version ? before.VersionSince : seq,
            Part(before?.State, seq, panel.Read(robot, lag), stateJson),
            new Lazy<byte[]>(() => JsonSerializer.SerializeToUtf8Bytes(robots.Robot(robot), robotJson)));
    }

    private PanelPart Part<T>(PanelPart? before, long seq, T value, JsonTypeInfo<T> json)
    {
        buffer.ResetWrittenCount();
        writer.Reset();
        JsonSerializer.Serialize(writer, value, json);
        return before is not null && buffer.WrittenSpan.SequenceEqual(before.Json) ? before : new PanelPart(buffer.WrittenSpan.ToArray(), seq);
    }
}

/// <summary>From a robot's snapshot to what changes of it while it works.</summary>
internal sealed class PanelReader(DeviceRoutes routes)
{
    private const int Decimals = 2; // Hundredths, the resolution of a frame.

    /// <summary>A robot's state.</summary>
    /// <param name="robot">The robot.</param>
    /// <param name="lag">Lag by slave; filled where a slave has none yet.</param>
    public PanelState Read(RobotSnapshot robot, Dictionary<string, LagPercentiles?> lag)
    {
        var joints = new PanelJoint[robot.Joints.Length];
        for (var index = 0; index < joints.Length; index++)
            joints[index] = Joint(robot.Document.Model.Joints[index].Name, robot.Joints[index]);
        var slaves = new List<PanelSlave>(robot.Slaves.Length + robot.UnboundSlaves.Length);
        foreach (var slave in robot.Slaves)
            slaves.Add(Slave(slave, guest: false, lag));
        foreach (var slave in robot.UnboundSlaves)
            slaves.Add(Slave(slave, guest: true, lag));
        return new PanelState(robot.Document.Stopped, robot.FleetStopped, robot.Manual, Master(robot.Master), slaves, joints);
    }

    private static PanelMaster? Master(MasterSnapshot? master) =>
        master is null ? null : new PanelMaster(master.Name, TypeOf(master.Kind), master.State, Playing(master.Playing));

    private static PanelPlaying? Playing(PlaySnapshot? play) =>
        play is null ? null : new PanelPlaying(play.Position.TotalMilliseconds, play.Duration.TotalMilliseconds, play.Loop, play.Paused);

    private PanelSlave Slave(SlaveSnapshot slave, bool guest, Dictionary<string, LagPercentiles?> lag)
    {
        var name = slave.Binding.Name;
        if (slave.Binding.IsDevice && !lag.ContainsKey(name))
            lag[name] = routes.Find(name)?.Lag.Read();
        return new PanelSlave(
            name, TypeOf(slave.Binding.Kind), slave.State, slave.Reason, slave.Approaching, guest, lag.GetValueOrDefault(name));
    }

    private static PanelJoint Joint(string name, in JointState joint) =>
        new(name, Round(joint.Commanded), Round(joint.Virtual), Round(joint.Real));

    private static double? Round(double? position) => position is { } value ? Math.Round(value, Decimals) : null;

    private static string TypeOf(MasterKind kind) => kind switch
    {
        MasterKind.Device => "device",
        MasterKind.Remote => "remote",
        MasterKind.Sequence => "sequence",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no name for it"),
    };

    private static string TypeOf(SlaveKind kind) => kind switch
    {
        SlaveKind.Device => "device",
        SlaveKind.MicroPython => "micropython",
        SlaveKind.WebSocket => "websocket",
        SlaveKind.Remote => "remote",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no name for it"),
    };
}

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

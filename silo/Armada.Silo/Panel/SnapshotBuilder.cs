using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Armada.Silo.Panel;

/// <summary>Builds each snapshot from its predecessor and the engine's present state. Not thread-safe.</summary>
internal sealed class SnapshotBuilder : IDisposable
{
    private readonly JsonTypeInfo<PanelState> stateJson;
    private readonly JsonTypeInfo<RobotView> robotJson;
    private readonly JsonTypeInfo<FleetView> fleetJson;
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Utf8JsonWriter writer;

    public SnapshotBuilder(IOptions<JsonOptions> json)
    {
        var options = json.Value.SerializerOptions;
        stateJson = (JsonTypeInfo<PanelState>)options.GetTypeInfo(typeof(PanelState));
        robotJson = (JsonTypeInfo<RobotView>)options.GetTypeInfo(typeof(RobotView));
        fleetJson = (JsonTypeInfo<FleetView>)options.GetTypeInfo(typeof(FleetView));
        writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true });
    }

    public FleetSnapshot Build(FleetSnapshot? before, long seq, DateTimeOffset at, FleetView fleet, IReadOnlyList<RobotSnapshot> now)
    {
        var known = before?.Robots.ToDictionary(robot => robot.Id, StringComparer.Ordinal);
        ImmutableArray<PanelRobot> next = [.. now.Select(robot => Make(known?.GetValueOrDefault(robot.Document.Id), seq, robot))];
        var ids = now.Select(robot => robot.Document.Id).ToImmutableArray();
        var robotList = before is not null && before.RobotList.Ids.AsSpan().SequenceEqual(ids.AsSpan()) ? before.RobotList : new RobotList(ids, seq);
        return new FleetSnapshot(seq, at, Part(before?.Fleet, seq, fleet, fleetJson), next, robotList);
    }

    public void Dispose() => writer.Dispose();

    private PanelRobot Make(PanelRobot? before, long seq, RobotSnapshot robot)
    {
        var version = robot.Document.Version;
        return new PanelRobot(
            robot.Document.Id,
            version,
            before?.Version == version ? before.VersionSince : seq,
            Part(before?.State, seq, PanelReader.Read(robot), stateJson),
            new Lazy<byte[]>(() => JsonSerializer.SerializeToUtf8Bytes(RobotReader.Robot(robot), robotJson)));
    }

    private JsonFragment Part<T>(JsonFragment? before, long seq, T value, JsonTypeInfo<T> json)
    {
        buffer.ResetWrittenCount();
        writer.Reset();
        JsonSerializer.Serialize(writer, value, json);
        return before is not null && buffer.WrittenSpan.SequenceEqual(before.Json) ? before : new JsonFragment(buffer.WrittenSpan.ToArray(), seq);
    }
}

internal static class PanelReader
{
    private const int Decimals = 2; // The resolution of a frame.

    public static PanelState Read(RobotSnapshot robot) => new(
        robot.Document.Stopped,
        robot.FleetStopped,
        robot.Manual,
        Master(robot.Master),
        [.. robot.Slaves.Select(slave => Slave(slave, isUnbound: false)), .. robot.UnboundSlaves.Select(slave => Slave(slave, isUnbound: true))],
        [.. robot.Document.Model.Joints.Zip(robot.Joints, (joint, state) => Joint(joint.Name, state))]);

    private static PanelMaster? Master(MasterSnapshot? master) =>
        master is null ? null : new PanelMaster(master.Name, KindNames.Of(master.Kind), master.State, PlayingView.Of(master.Playing), PanelPath.Of(master.Reported));

    private static PanelSlave Slave(SlaveSnapshot slave, bool isUnbound) =>
        new(
            slave.Binding.Name,
            KindNames.Of(slave.Binding.Kind),
            slave.State,
            slave.Reason,
            slave.Approaching,
            isUnbound,
            slave.LagMs,
            slave.Reported?.Playout,
            PanelPath.Of(slave.Reported));

    private static PanelJoint Joint(string name, in JointState joint) =>
        new(name, Round(joint.Commanded), Round(joint.Virtual), Round(joint.Real));

    private static double? Round(double? position) => position is { } value ? Math.Round(value, Decimals) : null;
}

/// <summary>The whole fleet at one moment. Immutable; unchanged parts are shared with the predecessor.</summary>
internal sealed record FleetSnapshot(
    long Seq, DateTimeOffset At, JsonFragment Fleet, ImmutableArray<PanelRobot> Robots, RobotList RobotList);

/// <summary>A JSON value, written once for all subscribers.</summary>
/// <param name="Since">Number of the snapshot that changed it last.</param>
internal sealed record JsonFragment(byte[] Json, long Since);

internal sealed record RobotList(ImmutableArray<string> Ids, long Since);

/// <param name="View">The whole robot as the REST API shows it; written when a subscriber first needs it.</param>
internal sealed record PanelRobot(string Id, long Version, long VersionSince, JsonFragment State, Lazy<byte[]> View);

using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Armada.Core.Robots;
using Armada.Silo.Api;
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

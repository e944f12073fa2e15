using System.Buffers;
using System.Text.Json;
using Armada.Silo.Sockets;

namespace Armada.Silo.Panel;

internal interface ISnapshotSource
{
    /// <summary>Null while nobody subscribes.</summary>
    FleetSnapshot? Newest { get; }

    /// <summary>Charges bytes that are sent to a subscriber.</summary>
    void Spend(long bytes);
}

/// <summary>
/// One subscriber: knows what it was sent, and so what it lacks. Its updates are written from the newest snapshot when its socket can take
/// them; a slow subscriber skips snapshots and delays nobody.
/// </summary>
internal sealed class PanelSubscriber(SubscriberRequest asked, ISnapshotSource source) : ISampleSource
{
    private readonly TaskCompletionSource firstOffer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isDue = true;
    private RobotList? sentRobotList;
    private long sent;

    public Task FirstOffer => firstOffer.Task;
    public Func<bool> NotifySocket { get; set; } = () => false;

    public bool Tick(long tick) => isDue |= asked.IsDue(tick);

    public bool Offer()
    {
        isDue = false;
        var skips = NotifySocket();
        firstOffer.TrySetResult();
        return skips;
    }

    public bool TryWrite(IBufferWriter<byte> message)
    {
        if (source.Newest is not { } snapshot || snapshot.Seq == sent)
            return false;
        var isFirst = sentRobotList is null;
        var isWritten = isFirst || HasChanges(snapshot);
        if (isWritten)
            Write(message, snapshot, isFirst);
        (sent, sentRobotList) = (snapshot.Seq, snapshot.RobotList);
        return isWritten;
    }

    private bool HasChanges(FleetSnapshot snapshot) =>
        snapshot.Fleet.Since > sent || Removed(snapshot).Any() || snapshot.Robots.Any(HasChanged);

    private void Write(IBufferWriter<byte> message, FleetSnapshot snapshot, bool isFirst)
    {
        using var json = new Utf8JsonWriter(message, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("type"u8, isFirst ? "snapshot"u8 : "update"u8);
        json.WriteNumber("seq"u8, snapshot.Seq);
        json.WriteString("at"u8, snapshot.At);
        if (snapshot.Fleet.Since > sent)
            WriteRaw(json, "fleet"u8, snapshot.Fleet.Json);
        json.WriteStartArray("robots"u8);
        foreach (var robot in snapshot.Robots.Where(HasChanged))
            Write(json, robot);
        json.WriteEndArray();
        WriteRemoved(json, snapshot);
        json.WriteEndObject();
        source.Spend(json.BytesCommitted + json.BytesPending);
    }

    private void Write(Utf8JsonWriter json, PanelRobot robot)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, robot.Id);
        if (robot.VersionSince > sent)
            WriteRaw(json, "robot"u8, robot.View.Value);
        if (robot.State.Since > sent)
            WriteRaw(json, "state"u8, robot.State.Json);
        json.WriteEndObject();
    }

    private void WriteRemoved(Utf8JsonWriter json, FleetSnapshot snapshot)
    {
        var removed = Removed(snapshot).ToArray();
        if (removed.Length == 0)
            return;
        json.WriteStartArray("removed"u8);
        foreach (var id in removed)
            json.WriteStringValue(id);
        json.WriteEndArray();
    }

    private bool HasChanged(PanelRobot robot) => (robot.State.Since > sent || robot.VersionSince > sent) && asked.Includes(robot.Id);

    private IEnumerable<string> Removed(FleetSnapshot snapshot) => sentRobotList is null || snapshot.RobotList.Since <= sent
        ? []
        : sentRobotList.Ids.Except(snapshot.RobotList.Ids, StringComparer.Ordinal).Where(asked.Includes);

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlySpan<byte> name, byte[] value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value, skipInputValidation: true);
    }
}

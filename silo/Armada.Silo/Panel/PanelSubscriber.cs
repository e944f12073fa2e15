using System.Buffers;
using System.Text.Json;
using Armada.Silo.Sockets;

namespace Armada.Silo.Panel;

/// <summary>Where watchers get pictures from.</summary>
internal interface ISnapshotSource
{
    /// <summary>The newest picture, or null where there is none.</summary>
    FleetSnapshot? Newest { get; }

    /// <summary>Tells that so many bytes go to a watcher.</summary>
    void Spend(long bytes);
}

/// <summary>
/// One watcher: knows what it was sent, and so what it lacks. What it is sent is made when its socket can take it, from the newest
/// picture; a watcher that reads slowly skips pictures, and nothing waits for it.
/// </summary>
internal sealed class PanelSubscriber(SubscriberRequest asked, ISnapshotSource source) : ISampleSource
{
    private readonly TaskCompletionSource offered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isOwed = true;
    private RobotList? sentRoster;
    private long sent;

    public Task Offered => offered.Task;

    public Func<bool> Offer { get; set; } = () => false;

    public bool Tick(long tick) => isOwed |= asked.IsDue(tick);

    public bool Show()
    {
        isOwed = false;
        var skips = Offer();
        offered.TrySetResult();
        return skips;
    }

    public bool TryWrite(IBufferWriter<byte> message)
    {
        if (source.Newest is not { } picture || picture.Seq == sent)
            return false;
        var isFirst = sentRoster is null;
        var isWritten = isFirst || HasNews(picture);
        if (isWritten)
            Write(message, picture, isFirst);
        (sent, sentRoster) = (picture.Seq, picture.Roster);
        return isWritten;
    }

    private bool HasNews(FleetSnapshot picture)
    {
        if (picture.Fleet.Since > sent || Removed(picture).Any())
            return true;
        foreach (var robot in picture.Robots)
        {
            if (IsNews(robot))
                return true;
        }

        return false;
    }

    private void Write(IBufferWriter<byte> message, FleetSnapshot picture, bool isFirst)
    {
        using var json = new Utf8JsonWriter(message, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("type"u8, isFirst ? "snapshot"u8 : "update"u8);
        json.WriteNumber("seq"u8, picture.Seq);
        json.WriteString("at"u8, picture.At);
        if (picture.Fleet.Since > sent)
            WriteRaw(json, "fleet"u8, picture.Fleet.Json);
        json.WriteStartArray("robots"u8);
        foreach (var robot in picture.Robots)
        {
            if (IsNews(robot))
                Write(json, robot);
        }

        json.WriteEndArray();
        WriteRemoved(json, picture);
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

    private void WriteRemoved(Utf8JsonWriter json, FleetSnapshot picture)
    {
        var isOpen = false;
        foreach (var id in Removed(picture))
        {
            if (!isOpen)
                json.WriteStartArray("removed"u8);
            isOpen = true;
            json.WriteStringValue(id);
        }

        if (isOpen)
            json.WriteEndArray();
    }

    private bool IsNews(PanelRobot robot) => (robot.State.Since > sent || robot.VersionSince > sent) && asked.Sees(robot.Id);

    private IEnumerable<string> Removed(FleetSnapshot picture) => sentRoster is null || picture.Roster.Since <= sent
        ? []
        : sentRoster.Ids.Except(picture.Roster.Ids, StringComparer.Ordinal).Where(asked.Sees);

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlySpan<byte> name, byte[] value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value, skipInputValidation: true);
    }
}

using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace Armada.Mqtt;

/// <summary>
/// What is on its way out. Samples join the batch or, while the socket is full, wait one per topic, newest only. Control messages
/// wait in order, go out a window at a time and are kept until acknowledged, so that nothing can overtake a resend.
/// </summary>
/// <remarks>Its lock is a leaf: held to encode and to queue, never around I/O, a handler or an event.</remarks>
/// <param name="version">MQTT 5 or 3.1.1.</param>
/// <param name="controlBacklog">Most control messages not yet acknowledged.</param>
/// <param name="refused">Told of a control message the broker cannot take: topic, reason. Called under the lock.</param>
internal sealed partial class Outbox(MqttProtocolVersion version, int controlBacklog, Action<string, string> refused)
{
    /// <summary>Bytes of one batch; one turn of a handler may put out that much.</summary>
    public const int MostUnwritten = 256 * 1024;

    /// <summary>Topics remembered. A fleet has two or three per device; far more means that somebody makes up topics.</summary>
    private const int MostLanes = 65_536;

    /// <summary>More than MQTT puts around topic and payload of a message.</summary>
    private const int MostOverhead = 16;

    private readonly Lock gate = new();
    private readonly Batch batch = new(version);
    private readonly Dictionary<string, TopicBuffer> lanes = new(StringComparer.Ordinal);
    private readonly Queue<TopicBuffer> waiting = new();
    private object? writer;
    private bool isOpen;
    private int mostPacket = int.MaxValue;
    private long published;
    private long dropped;

    public long Published => Interlocked.Read(ref published);

    public long SamplesDropped => Interlocked.Read(ref dropped);

    /// <summary>Lets packets out, to a new connection; messages wait for <see cref="Open"/>.</summary>
    /// <param name="writer">Who alone may drain it.</param>
    public void Attach(object writer)
    {
        lock (gate)
        {
            batch.Clear();
            this.writer = writer;
            isFull = false;
        }
    }

    /// <summary>Lets messages out, first those control messages that the last connection left unacknowledged.</summary>
    /// <param name="window">Control messages the broker takes unacknowledged.</param>
    /// <param name="mostPacket">Bytes of the largest packet the broker takes.</param>
    public void Open(int window, int mostPacket)
    {
        lock (gate)
        {
            isOpen = true;
            this.window = Math.Min(window, MostWindow);
            this.mostPacket = mostPacket;
            RequeueControl();
            SendControl();
        }
    }

    /// <summary>Holds control messages back and forgets samples, until opened again; other packets still go out.</summary>
    public void Close()
    {
        lock (gate)
        {
            isOpen = false;
            dropped += waiting.Count;
            while (waiting.TryDequeue(out var lane)) lane.Clear();
        }
    }

    /// <summary>Lets nothing out any more: the connection is gone.</summary>
    public void Detach()
    {
        Close();
        lock (gate)
        {
            writer = null;
            batch.Clear();
        }
    }

    /// <summary>Adds a packet that is no message.</summary>
    public void Put(MqttPacket packet)
    {
        lock (gate)
        {
            if (writer is not null) batch.Put(packet);
        }
    }

    /// <summary>Adds the acknowledgement of a received message.</summary>
    public void PutAcknowledgement(ushort id)
    {
        lock (gate)
        {
            if (writer is not null) batch.PutAcknowledgement(id);
        }
    }

    /// <summary>Takes a sample, or drops it while closed.</summary>
    public Outgoing Sample(string topic, ReadOnlySpan<byte> payload, bool retain)
    {
        lock (gate)
        {
            var lane = LaneOf(topic);
            if (!isOpen || IsTooLarge(lane, payload.Length))
            {
                dropped++;
                return Outgoing.Dropped;
            }
            if (lane.IsWaiting) dropped++;
            else if (isFull || batch.Length >= MostUnwritten) waiting.Enqueue(lane);
            else return GiveSample(lane, payload, retain);

            lane.Keep(payload, retain);
            return Outgoing.Kept;
        }
    }

    private Outgoing GiveSample(TopicBuffer lane, ReadOnlySpan<byte> payload, bool retain)
    {
        batch.PutMessage(lane.Name, payload, id: 0, retain);
        published++;
        return Outgoing.Given;
    }

    private bool IsTooLarge(TopicBuffer lane, int payload) => payload + lane.Topic.Length + MostOverhead > mostPacket;

    private TopicBuffer LaneOf(string topic)
    {
        if (lanes.TryGetValue(topic, out var lane)) return lane;
        if (!LinkOptionsCheck.IsTopic(topic)) throw new ArgumentException($"'{topic}' is no topic to publish on.", nameof(topic));
        if (lanes.Count >= MostLanes) lanes.Clear();
        return lanes[topic] = new(topic);
    }
}

/// <summary>What became of a message given to the outbox.</summary>
internal enum Outgoing : byte
{
    /// <summary>The link is down; a sample is gone.</summary>
    Dropped,

    /// <summary>It waits for the link or the socket.</summary>
    Kept,

    /// <summary>It is in the batch; somebody must write.</summary>
    Given,
}

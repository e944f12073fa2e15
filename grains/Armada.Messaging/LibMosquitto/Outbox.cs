using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;

namespace Armada.Messaging.LibMosquitto;

/// <summary>
/// What is on its way out. Samples go to the library at once or, while the socket is full, wait one per topic, newest only.
/// Control messages wait in order and go to the library a window at a time, so that nothing can overtake a resend.
/// </summary>
/// <remarks>
/// Its lock is a leaf: held around library calls that only queue, never around I/O, a handler or an event. So a publisher
/// never waits for a handler, whatever locks either of them holds.
/// </remarks>
/// <param name="controlBacklog">Most control messages not yet acknowledged.</param>
/// <param name="refused">Told of a control message the library will not take: topic, error code. Called under the lock.</param>
internal sealed unsafe class Outbox(int controlBacklog, Action<string, int> refused)
{
    /// <summary>Control messages the library may hold unacknowledged. Not above its own limit (20), past which it sorts out the order itself.</summary>
    private const int ControlWindow = 16;

    /// <summary>Bytes given to the library since the socket was last seen empty; one turn of a handler may put out that much.</summary>
    private const int MostUnwritten = 256 * 1024;

    /// <summary>Topics remembered. A fleet has two or three per device; far more means that somebody makes up topics.</summary>
    private const int MostLanes = 65_536;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Lane> lanes = new(StringComparer.Ordinal);
    private readonly Queue<Lane> waiting = new();
    private readonly Queue<ControlMessage> control = new();
    private nint client;
    private bool isFull;
    private int unwritten;
    private int unacknowledged;
    private long published;
    private long dropped;

    public long Published => Interlocked.Read(ref published);

    public long SamplesDropped => Interlocked.Read(ref dropped);

    /// <summary>Control messages not yet acknowledged by the broker.</summary>
    public int ControlLeft
    {
        get
        {
            lock (gate) return control.Count + unacknowledged;
        }
    }

    /// <summary>Lets messages out through this client.</summary>
    public void Open(nint client)
    {
        lock (gate)
        {
            this.client = client;
            isFull = false;
            unwritten = 0;
            SendControl();
        }
    }

    /// <summary>Holds control messages back and forgets samples, until opened again.</summary>
    public void Close()
    {
        lock (gate)
        {
            client = 0;
            dropped += waiting.Count;
            while (waiting.TryDequeue(out var lane)) lane.Clear();
        }
    }

    /// <summary>Takes a sample, or drops it while closed.</summary>
    public Outgoing Sample(string topic, ReadOnlySpan<byte> payload, bool retain)
    {
        lock (gate)
        {
            var lane = LaneOf(topic);
            if (client == 0)
            {
                dropped++;
                return Outgoing.Dropped;
            }
            if (lane.IsWaiting) dropped++;
            else if (isFull || unwritten >= MostUnwritten) waiting.Enqueue(lane);
            else return Give(lane, payload, qos: 0, retain) == Mosquitto.Success ? Outgoing.Given : Drop();

            lane.Keep(payload, retain);
            return Outgoing.Kept;
        }
    }

    /// <summary>Takes a control message.</summary>
    /// <exception cref="InvalidOperationException">The backlog is full.</exception>
    public Outgoing Control(string topic, ReadOnlySpan<byte> payload, bool retain)
    {
        lock (gate)
        {
            var lane = LaneOf(topic);
            if (control.Count + unacknowledged >= controlBacklog)
                throw new InvalidOperationException($"{controlBacklog} control messages wait for the broker already; '{topic}' has no room.");
            control.Enqueue(new(lane, payload.ToArray(), retain));
            return SendControl() ? Outgoing.Given : Outgoing.Kept;
        }
    }

    /// <summary>The broker has acknowledged one control message.</summary>
    public void Acknowledged()
    {
        lock (gate)
        {
            if (unacknowledged > 0) unacknowledged--;
            SendControl();
        }
    }

    /// <summary>The library has written what the socket takes; samples that waited for it go now.</summary>
    /// <returns>Whether there is more to write at once.</returns>
    public bool Written(bool isFull)
    {
        lock (gate)
        {
            this.isFull = isFull;
            if (isFull || client == 0) return false;
            unwritten = 0;
            if (waiting.Count == 0) return false;
            while (unwritten < MostUnwritten && waiting.TryDequeue(out var lane))
            {
                lane.Clear();
                if (Give(lane, lane.Sample, qos: 0, lane.Retain) != Mosquitto.Success) Drop();
            }
            return true;
        }
    }

    private bool SendControl()
    {
        var sent = false;
        while (client != 0 && unacknowledged < ControlWindow && control.TryPeek(out var message))
        {
            // Without a connection the library still keeps the message and sends it again after the next CONNACK.
            var result = Give(message.Lane, message.Payload, qos: 1, message.Retain);
            control.Dequeue();
            if (result is Mosquitto.Success or Mosquitto.NoConnection) unacknowledged++;
            else refused(message.Lane.Name, result);
            sent = true;
        }
        return sent;
    }

    private int Give(Lane lane, ReadOnlySpan<byte> payload, int qos, bool retain)
    {
        fixed (byte* topic = lane.Topic, first = payload)
        {
            var result = Mosquitto.Publish(client, null, topic, payload.Length, first, qos, retain);
            if (result != Mosquitto.Success) return result;
            published++;
            unwritten += payload.Length + lane.Topic.Length;
            return result;
        }
    }

    private Outgoing Drop()
    {
        dropped++;
        return Outgoing.Dropped;
    }

    private Lane LaneOf(string topic)
    {
        if (lanes.TryGetValue(topic, out var lane)) return lane;
        if (!LinkOptionsCheck.IsTopic(topic)) throw new ArgumentException($"'{topic}' is no topic to publish on.", nameof(topic));
        if (lanes.Count >= MostLanes) lanes.Clear();
        return lanes[topic] = new(topic);
    }

    private readonly record struct ControlMessage(Lane Lane, byte[] Payload, bool Retain);
}

/// <summary>What became of a message given to the outbox.</summary>
internal enum Outgoing : byte
{
    /// <summary>The link is down; a sample is gone.</summary>
    Dropped,

    /// <summary>It waits for the link or the socket.</summary>
    Kept,

    /// <summary>The library has it; somebody must write.</summary>
    Given,
}

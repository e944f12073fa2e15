using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Threading.Channels;
using Armada.Core.Frames;
using MQTTnet.Packets;

namespace Armada.Mqtt;

/// <summary>An outgoing message; a sample's is filled again, so that who publishes allocates nothing.</summary>
internal sealed class OutgoingMessage
{
    private byte[] bytes = [];
    private int length;

    public string Topic { get; private set; } = "";

    public bool Retain { get; private set; }

    /// <summary>Of a control message: the trace that it belongs to.</summary>
    public List<MqttUserProperty>? Trace { get; init; }

    public ReadOnlyMemory<byte> Payload => bytes.AsMemory(0, length);

    public OutgoingMessage Fill(string topic, ReadOnlySpan<byte> payload, bool retain)
    {
        if (bytes.Length < payload.Length) bytes = new byte[payload.Length];
        payload.CopyTo(bytes);
        (Topic, length, Retain) = (topic, payload.Length, retain);
        return this;
    }

    public void Append(ReadOnlySpan<byte> payload)
    {
        if (bytes.Length < length + payload.Length) Array.Resize(ref bytes, Math.Max(2 * bytes.Length, length + payload.Length));
        payload.CopyTo(bytes.AsSpan(length));
        length += payload.Length;
    }
}

/// <summary>
/// A link's outgoing messages. Samples are sent in order; while the socket is full, or too many bytes are queued, a newer one
/// joins the last queued one of its topic if both are frames, and else replaces it. Control messages are sent in order, several at a time, and kept until acknowledged.
/// </summary>
/// <remarks>Any thread enqueues, one takes. Its lock is a leaf: never held around I/O or a call to others.</remarks>
/// <param name="controlBacklog">Most control messages not yet acknowledged.</param>
internal sealed class Outbox(int controlBacklog)
{
    /// <summary>Control messages sent and not acknowledged; brokers take 20 or more, and more is no faster on one connection.</summary>
    private const int MaxWindow = 16;

    private const int MaxQueuedBytes = 256 * 1024;
    private const int MaxSpare = 1024;

    /// <summary>More than MQTT puts around topic and payload of a message.</summary>
    private const int MaxOverhead = 16 + MessageTrace.MaxSize;

    private readonly Lock gate = new();
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly LinkedList<OutgoingMessage> control = new();
    private readonly Queue<OutgoingMessage> samples = new();
    private readonly Dictionary<string, OutgoingMessage> newest = new(StringComparer.Ordinal);
    private readonly Stack<OutgoingMessage> spare = new();
    private LinkedListNode<OutgoingMessage>? unsent;
    private TaskCompletionSource? settled;
    private Func<bool> isSocketFull = () => false;
    private bool isOpen;
    private int inFlight;
    private int window;
    private int maxPacket;
    private int queuedBytes;
    private long published;
    private long dropped;

    public long Published => Interlocked.Read(ref published);

    public long SamplesDropped => Interlocked.Read(ref dropped);

    public int ControlLeft
    {
        get
        {
            lock (gate) return control.Count;
        }
    }

    /// <summary>Lets messages out to a new connection, first the control messages that the last one left unacknowledged.</summary>
    /// <param name="receiveMaximum">Control messages that the broker takes unacknowledged.</param>
    /// <param name="maxPacket">Bytes of the largest packet that the broker takes.</param>
    /// <param name="isSocketFull">Whether a write to the connection waits for room.</param>
    public void Open(int receiveMaximum, int maxPacket, Func<bool> isSocketFull)
    {
        lock (gate)
        {
            window = Math.Min(receiveMaximum, MaxWindow);
            (this.maxPacket, this.isSocketFull) = (maxPacket, isSocketFull);
            (isOpen, inFlight, unsent) = (true, 0, control.First);
        }
        Wake();
    }

    /// <summary>Keeps control messages back and drops samples until opened again.</summary>
    public void Close()
    {
        lock (gate)
        {
            isOpen = false;
            dropped += samples.Count;
            samples.Clear();
            newest.Clear();
            queuedBytes = 0;
        }
    }

    /// <exception cref="InvalidOperationException">The backlog is full.</exception>
    public void EnqueueControl(string topic, ReadOnlySpan<byte> payload, bool retain)
    {
        lock (gate)
        {
            if (control.Count >= controlBacklog)
                throw new InvalidOperationException($"{controlBacklog} control messages wait for the broker already; '{topic}' has no room.");
            var added = control.AddLast(new OutgoingMessage { Trace = MessageTrace.Current() }.Fill(topic, payload, retain));
            unsent ??= added;
        }
        Wake();
    }

    /// <summary>Takes a sample; false where it is dropped.</summary>
    public bool EnqueueSample(string topic, ReadOnlySpan<byte> payload, bool retain)
    {
        lock (gate)
        {
            if (!isOpen || !Fits(topic, payload.Length))
            {
                dropped++;
                return false;
            }
            queuedBytes += payload.Length;
            if (newest.TryGetValue(topic, out var queued) && (queuedBytes > MaxQueuedBytes || isSocketFull()))
            {
                if (queuedBytes <= MaxQueuedBytes && Fits(topic, queued.Payload.Length + payload.Length) && FrameCodec.MayJoin(queued.Payload.Span, payload))
                {
                    queued.Append(payload);
                    return true;
                }

                dropped++;
                queuedBytes -= queued.Payload.Length;
                queued.Fill(topic, payload, retain);
                return true;
            }
            if (!spare.TryPop(out queued)) queued = new();
            samples.Enqueue(newest[topic] = queued.Fill(topic, payload, retain));
        }
        Wake();
        return true;
    }

    /// <summary>Gives the next control message to send, if the window has room; it stays here until acknowledged.</summary>
    public bool TryTakeControl([NotNullWhen(true)] out LinkedListNode<OutgoingMessage>? message)
    {
        lock (gate)
        {
            message = isOpen && inFlight < window ? unsent : null;
            if (message is null) return false;
            unsent = message.Next;
            inFlight++;
            published++;
            return true;
        }
    }

    /// <summary>The broker has acknowledged, or refused, a control message: it is done with.</summary>
    public void Acknowledge(LinkedListNode<OutgoingMessage> message)
    {
        lock (gate)
        {
            control.Remove(message);
            inFlight--;
            if (control.Count == 0) settled?.TrySetResult();
        }
    }

    /// <summary>Gives the next sample to send, and takes back the last one.</summary>
    public bool TryTakeSample([NotNullWhen(true)] ref OutgoingMessage? sample)
    {
        lock (gate)
        {
            if (sample is not null && spare.Count < MaxSpare) spare.Push(sample);
            if (!samples.TryDequeue(out sample)) return false;
            if (newest[sample.Topic] == sample) newest.Remove(sample.Topic);
            queuedBytes -= sample.Payload.Length;
            published++;
            return true;
        }
    }

    /// <summary>Whether the broker takes a packet of this size.</summary>
    public bool Fits(string topic, int payload) => payload + Encoding.UTF8.GetByteCount(topic) + MaxOverhead <= maxPacket;

    /// <summary>Waits until there may be something to take.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => wake.Reader.ReadAsync(cancellation);

    /// <summary>Ends a <see cref="WaitAsync"/>.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>Completes when no control message is left.</summary>
    public Task Settled()
    {
        lock (gate)
        {
            if (control.Count == 0) return Task.CompletedTask;
            settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return settled.Task;
        }
    }
}

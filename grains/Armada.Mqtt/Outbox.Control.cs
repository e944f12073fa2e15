namespace Armada.Mqtt;

/// <content>Control messages: queued, on their way, acknowledged.</content>
internal sealed partial class Outbox
{
    /// <summary>Control messages on their way unacknowledged; brokers hold 20 or more, and more in flight is no faster on one connection.</summary>
    private const int MostWindow = 16;

    /// <summary>Ids from here on are those of requests to subscribe and unsubscribe.</summary>
    public const ushort FirstSubscriptionId = 0x8000;

    private readonly Queue<ControlMessage> control = new();
    private readonly List<ControlMessage> onTheWay = new(MostWindow);
    private TaskCompletionSource? settled;
    private int window = MostWindow;
    private ushort lastId;

    /// <summary>Control messages not yet acknowledged by the broker.</summary>
    public int ControlLeft
    {
        get
        {
            lock (gate) return control.Count + onTheWay.Count;
        }
    }

    /// <summary>Takes a control message.</summary>
    /// <exception cref="InvalidOperationException">The backlog is full.</exception>
    public Outgoing Control(string topic, ReadOnlySpan<byte> payload, bool retain)
    {
        lock (gate)
        {
            var lane = LaneOf(topic);
            if (control.Count + onTheWay.Count >= controlBacklog)
                throw new InvalidOperationException($"{controlBacklog} control messages wait for the broker already; '{topic}' has no room.");
            control.Enqueue(new(lane, payload.ToArray(), retain));
            return SendControl() ? Outgoing.Given : Outgoing.Kept;
        }
    }

    /// <summary>The broker has acknowledged, or refused, one control message.</summary>
    /// <returns>Its topic; null where nothing of that id is on its way.</returns>
    public string? Acknowledged(ushort id)
    {
        lock (gate)
        {
            var at = onTheWay.FindIndex(message => message.Id == id);
            if (at < 0) return null;
            var topic = onTheWay[at].TopicBuffer.Name;
            onTheWay.RemoveAt(at);
            SendControl();
            if (control.Count + onTheWay.Count == 0) settled?.TrySetResult();
            return topic;
        }
    }

    /// <summary>Done when no control message is left.</summary>
    public Task Settled()
    {
        lock (gate)
        {
            if (control.Count + onTheWay.Count == 0) return Task.CompletedTask;
            settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return settled.Task;
        }
    }

    /// <summary>Puts what was on its way before what waits, to go out again in the same order.</summary>
    private void RequeueControl()
    {
        var queued = control.ToArray();
        control.Clear();
        foreach (var message in onTheWay) control.Enqueue(message);
        foreach (var message in queued) control.Enqueue(message);
        onTheWay.Clear();
    }

    private bool SendControl()
    {
        var sent = false;
        while (isOpen && onTheWay.Count < window && control.TryDequeue(out var message))
        {
            if (IsTooLarge(message.TopicBuffer, message.Payload.Length))
            {
                refused(message.TopicBuffer.Name, $"the broker takes packets of at most {mostPacket} bytes");
                continue;
            }
            var given = message with { Id = NextId() };
            onTheWay.Add(given);
            batch.PutMessage(given.TopicBuffer.Name, given.Payload, given.Id, given.Retain);
            if (message.Id == 0) published++;
            sent = true;
        }
        return sent;
    }

    private ushort NextId()
    {
        do lastId = (ushort)((lastId + 1) % FirstSubscriptionId);
        while (lastId == 0 || onTheWay.Exists(message => message.Id == lastId));
        return lastId;
    }

    private readonly record struct ControlMessage(TopicBuffer TopicBuffer, byte[] Payload, bool Retain, ushort Id = 0);
}

using System.Collections.Concurrent;
using Armada.Core.Control;

namespace Armada.EdgeAgent.Devices;

/// <summary>Control messages that need the servo bus: they wait here, in order, for the next tick of the thread that owns it.</summary>
internal sealed class BusCommandQueue
{
    private const int Most = 64;
    private readonly ConcurrentQueue<ControlMessage> waiting = new();

    /// <summary>Takes the answers.</summary>
    public Action<ControlReply>? Answered { get; set; }

    /// <summary>Adds one; false where too many wait.</summary>
    public bool TryAdd(ControlMessage message)
    {
        if (waiting.Count >= Most)
            return false;
        waiting.Enqueue(message);
        return true;
    }

    /// <summary>Takes the next one, if any.</summary>
    public bool TryTake(out ControlMessage message) => waiting.TryDequeue(out message!);

    /// <summary>Answers one.</summary>
    public void Answer(ControlMessage message, string? error) => Answered?.Invoke(new ControlReply(message.Id, error is null, error));

    /// <summary>Refuses all that wait, as when the arm is not there.</summary>
    public void RefuseAll(string error)
    {
        while (TryTake(out var message))
            Answer(message, error);
    }
}

namespace Armada.Mqtt;

/// <content>How the batches leave: one at a time, by one writer.</content>
internal sealed partial class Outbox
{
    /// <summary>Bytes that are written before the next received message is handled.</summary>
    private const int MuchToWrite = 8 * 1024;

    private bool isDraining;
    private bool isFull;
    private TaskCompletionSource? drained;

    /// <summary>Whether enough has gathered to be written before the handlers go on.</summary>
    public bool HasMuch => batch.Length >= MuchToWrite;

    /// <summary>Lets the connection write; false where it does already, has nothing to write, or is no longer the one attached.</summary>
    public bool TryBeginDrain(object writer)
    {
        lock (gate)
        {
            if (isDraining || batch.Length == 0 || writer != this.writer) return false;
            return isDraining = true;
        }
    }

    /// <summary>What to write next, once the last batch is written; empty where the writer is done.</summary>
    public ReadOnlyMemory<byte> NextBatch()
    {
        lock (gate)
        {
            isFull = false;
            while (isOpen && batch.Length < MostUnwritten && waiting.TryDequeue(out var lane))
            {
                lane.Clear();
                GiveSample(lane, lane.Sample, lane.Retain);
            }
            if (batch.Length > 0) return batch.Take();
            EndDrain();
            return default;
        }
    }

    /// <summary>The socket is full: samples wait, newest only, until the next batch.</summary>
    public void SocketIsFull()
    {
        lock (gate) isFull = true;
    }

    /// <summary>The writer gives up.</summary>
    public void DrainFailed()
    {
        lock (gate) EndDrain();
    }

    /// <summary>Done when nobody writes.</summary>
    public Task Drained()
    {
        lock (gate)
        {
            if (!isDraining) return Task.CompletedTask;
            drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return drained.Task;
        }
    }

    private void EndDrain()
    {
        isDraining = false;
        drained?.TrySetResult();
        drained = null;
    }
}

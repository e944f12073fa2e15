using System.Threading.Channels;

namespace Armada.Mqtt;

/// <summary>Hands control messages from any thread to one consumer: in order, none lost, its length in sight.</summary>
/// <typeparam name="T">What is handed over; not a span, so copied out of the link's buffer before.</typeparam>
public sealed class ControlQueue<T>
{
    private readonly Channel<T> channel =
        Channel.CreateUnbounded<T>(new() { SingleReader = false, AllowSynchronousContinuations = false });

    /// <summary>Messages put in and not yet taken.</summary>
    public int Length => channel.Reader.Count;

    /// <summary>Puts a message in; never blocks.</summary>
    /// <returns>False only after <see cref="Close"/>.</returns>
    public bool TryPut(T message) => channel.Writer.TryWrite(message);

    /// <summary>Takes the oldest message, if there is one.</summary>
    public bool TryTake(out T message) => channel.Reader.TryRead(out message!);

    /// <summary>All messages in order, waiting for more until the queue is closed and empty.</summary>
    public IAsyncEnumerable<T> TakeAllAsync(CancellationToken cancellation) => channel.Reader.ReadAllAsync(cancellation);

    /// <summary>Takes no more messages; what is in can still be taken.</summary>
    public void Close() => channel.Writer.TryComplete();
}

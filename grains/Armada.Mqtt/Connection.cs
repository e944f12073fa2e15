using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Armada.Mqtt;

/// <summary>One connection to the broker: its socket, and who writes to it.</summary>
/// <remarks>
/// Whoever has put something in the outbox flushes it, and writes on its own thread as far as the socket takes it; whoever comes
/// meanwhile leaves the writing to that one. So one message costs one write, and many cost few.
/// </remarks>
internal sealed class Connection : IAsyncDisposable
{
    /// <summary>What may wait in the kernel: more would only grow old there.</summary>
    private const int MostNotSent = 16 * 1024;

    /// <summary>Batches a publisher writes for others before a thread of the pool goes on.</summary>
    private const int MostBatchesLent = 8;

    private readonly Socket socket;
    private readonly Stream stream;
    private readonly Outbox outbox;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ending = new();
    private readonly Action drainOn;
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter write;
    private string? reason;
    private long lastWritten;

    private Connection(Socket socket, Stream stream, Outbox outbox, TimeProvider time)
    {
        this.socket = socket;
        this.stream = stream;
        this.outbox = outbox;
        this.time = time;
        lastWritten = time.GetTimestamp();
        drainOn = DrainOn;
    }

    /// <summary>Why it ended, null while it lives.</summary>
    public string? EndReason => Volatile.Read(ref reason);

    /// <summary>When the last batch was written.</summary>
    public long LastWritten => Volatile.Read(ref lastWritten);

    /// <summary>Connects to the first of the broker's addresses that answers, and shakes hands where TLS is wanted.</summary>
    public static async Task<Connection> OpenAsync(LinkOptions options, Outbox outbox, TimeProvider time, CancellationToken cancellation)
    {
        var socket = await BrokerSocket.ConnectAsync(options.Host, options.Port, cancellation);
        try
        {
            SocketTuning.LimitSendQueue(socket, MostNotSent, options.KeepAlive);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (options.Tls is { } tls) stream = await TlsHandshake.OverAsync(stream, options.Host, tls, cancellation);
            return new(socket, stream, outbox, time);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for bytes and reads what has come; zero where the broker has closed.</summary>
    public int Read(Memory<byte> into)
    {
        // A thread in poll wakes at once; one that awaits is woken by a second thread. TLS may hold bytes that no poll sees.
        if (stream is NetworkStream) socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
        var read = stream.ReadAsync(into, ending.Token);
        return read.IsCompleted ? read.GetAwaiter().GetResult() : read.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Tells the broker at once that what was read has come.</summary>
    public void AcknowledgeAtOnce() => SocketTuning.AcknowledgeAtOnce(socket);

    /// <summary>Writes what the outbox holds, or leaves it to who writes already; never waits for the socket.</summary>
    public void Flush()
    {
        if (outbox.TryBeginDrain(this)) Drain();
    }

    /// <summary>Ends reading and writing; the first reason counts.</summary>
    public void End(string reason)
    {
        if (Interlocked.CompareExchange(ref this.reason, reason, null) is not null) return;
        ending.Cancel();
        ShutDown(SocketShutdown.Both);
    }

    /// <summary>Says that nothing more will be written.</summary>
    public void EndWriting() => ShutDown(SocketShutdown.Send);

    /// <summary>Closes the socket and waits for whoever still writes.</summary>
    public async ValueTask DisposeAsync()
    {
        End("closed");
        await outbox.Drained();
        await stream.DisposeAsync();
        ending.Dispose();
    }

    private void ShutDown(SocketShutdown what)
    {
        try
        {
            socket.Shutdown(what);
        }
        catch (SocketException fault)
        {
            Interlocked.CompareExchange(ref reason, fault.Message, null);
        }
    }

    // By hand and not with await: a socket that is full now and then would cost an allocation each time.
    private void Drain()
    {
        try
        {
            for (var batches = 1; outbox.NextBatch() is { IsEmpty: false } batch; batches++)
            {
#pragma warning disable CA2012 // Its result is taken once, in EndWrite, and no other write begins before.
                write = stream.WriteAsync(batch, ending.Token).ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
                if (!write.IsCompleted)
                {
                    outbox.SocketIsFull();
                    write.UnsafeOnCompleted(drainOn);
                    return;
                }
                EndWrite();
                if (batches < MostBatchesLent) continue;
                write = default;
                ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.DrainOn(), this, preferLocal: false);
                return;
            }
        }
#pragma warning disable CA1031 // The top of the writing: whatever stops it ends the connection, which says so.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            End(fault.Message);
            outbox.DrainFailed();
        }
    }

    private void DrainOn()
    {
        try
        {
            EndWrite();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            End(fault.Message);
            outbox.DrainFailed();
            return;
        }
        Drain();
    }

    private void EndWrite()
    {
        write.GetResult();
        Volatile.Write(ref lastWritten, time.GetTimestamp());
    }
}

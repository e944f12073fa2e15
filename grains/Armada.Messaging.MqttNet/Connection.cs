using System.Net.Sockets;
using Armada.Messaging.Link;

namespace Armada.Messaging.MqttNet;

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
    private string? reason;
    private long lastWritten;

    private Connection(Socket socket, Stream stream, Outbox outbox, TimeProvider time)
    {
        this.socket = socket;
        this.stream = stream;
        this.outbox = outbox;
        this.time = time;
        lastWritten = time.GetTimestamp();
    }

    /// <summary>Why it ended, null while it lives.</summary>
    public string? EndReason => Volatile.Read(ref reason);

    /// <summary>When the last batch was written.</summary>
    public long LastWritten => Volatile.Read(ref lastWritten);

    /// <summary>Connects to the first of the broker's addresses that answers, and shakes hands where TLS is wanted.</summary>
    public static async Task<Connection> OpenAsync(LinkOptions options, Outbox outbox, TimeProvider time, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, cancellation);
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

    /// <summary>Reads what has come, at least one byte; zero where the broker has closed.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> into) => stream.ReadAsync(into, ending.Token);

    /// <summary>Tells the broker at once that what was read has come.</summary>
    public void AcknowledgeAtOnce() => SocketTuning.AcknowledgeAtOnce(socket);

    /// <summary>Writes what the outbox holds, or leaves it to who writes already; never waits for the socket.</summary>
    public void Flush()
    {
        // Not awaited here: it takes every fault itself, and DisposeAsync waits for its end.
        if (outbox.TryBeginDrain(this)) _ = DrainAsync();
    }

    /// <summary>Ends reading and writing; the first reason counts.</summary>
    public void End(string reason)
    {
        Interlocked.CompareExchange(ref this.reason, reason, null);
        ending.Cancel();
    }

    /// <summary>Says that nothing more will be written.</summary>
    public void EndWriting()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException fault)
        {
            End(fault.Message);
        }
    }

    /// <summary>Closes the socket and waits for whoever still writes.</summary>
    public async ValueTask DisposeAsync()
    {
        End("closed");
        await outbox.Drained();
        await stream.DisposeAsync();
        ending.Dispose();
    }

    private async Task DrainAsync()
    {
        try
        {
            for (var batches = 1; outbox.NextBatch() is { IsEmpty: false } batch; batches++)
            {
                var write = stream.WriteAsync(batch, ending.Token);
                if (!write.IsCompleted) outbox.SocketIsFull();
                await write;
                Volatile.Write(ref lastWritten, time.GetTimestamp());
                if (batches % MostBatchesLent == 0) await Task.Yield();
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
}

using System.Net.WebSockets;
using System.Text.Json;
using Armada.Core.Time;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;

namespace Armada.Silo.Panel;

/// <summary>One watcher's connection: what the feed offers goes out, heartbeats are answered, all else is refused in words.</summary>
internal sealed class PanelSocket
{
    private static readonly TimeSpan TellTooFastEvery = TimeSpan.FromSeconds(1);

    private readonly PanelFeed feed;
    private readonly SiloClock clock;
    private readonly PanelSubscriber watcher;
    private readonly JsonSocket socket;
    private readonly MessageRate rate;
    private Timestamp? toldTooFast;

    /// <summary>Around an open socket.</summary>
    public PanelSocket(WebSocket raw, SubscriberRequest asked, PanelFeed feed, SocketLimits limits, SiloClock clock)
    {
        (this.feed, this.clock) = (feed, clock);
        watcher = new PanelSubscriber(asked, feed);
        socket = new JsonSocket(raw, watcher, limits, clock);
        watcher.Offer = socket.SampleIsDue;
        rate = new MessageRate(limits.MessagesPerSecond, limits.Burst);
    }

    /// <summary>What a watcher may take and say. It reads only, so a late pong means a slow line and no danger.</summary>
    public static SocketLimits Limits { get; } = new()
    {
        MaxMessageBytes = 4096,
        MaxWaiting = 64,
        MessagesPerSecond = 20,
        Burst = 40,
        PingEvery = TimeSpan.FromSeconds(5),
        PongWithin = TimeSpan.FromSeconds(15),
    };

    /// <summary>Serves the watcher until one side closes.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        feed.Enter(watcher);
        try
        {
            // The snapshot is there before anything is read, so that no answer can overtake it.
            await watcher.Offered.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await socket.RunAsync(Receive, cancellation);
        }
        finally
        {
            feed.Leave(watcher);
        }
    }

    /// <summary>Closes the connection.</summary>
    /// <param name="code">See <see cref="SocketClose"/>.</param>
    /// <param name="reason">For people.</param>
    public void Close(int code, string reason) => socket.Close(code, reason);

    private ValueTask Receive(ReadOnlyMemory<byte> message)
    {
        var now = clock.Now();
        if (!rate.TryPass(now))
            TellTooFast(now);
        else if (SubscriberMessage.TypeOf(message.Span, out var problem) == "heartbeat")
            socket.Send(Answer("heartbeat_ack", now));
        else
            socket.Send(Answer("error", now, "invalid", problem));
        return ValueTask.CompletedTask;
    }

    private void TellTooFast(in Timestamp now)
    {
        if (toldTooFast is { } told && !now.IsPast(told, TellTooFastEvery))
            return;
        toldTooFast = now;
        socket.Send(Answer("error", now, "too_fast", "messages come too fast; the ones too many are dropped"));
    }

    private static byte[] Answer(string type, in Timestamp now, string? code = null, string? message = null) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new SubscriberAnswer(type, DateTimeOffset.UnixEpoch.AddTicks(now.Unix * TimeSpan.TicksPerMicrosecond), code, message),
            SubscriberJson.Default.SubscriberAnswer);
}

using System.Net.WebSockets;
using System.Text;
using Armada.Silo.Sockets;
using Armada.Testing;

namespace Armada.Tests.Silo.Sockets;

public sealed class JsonSocketTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task What_a_client_sends_arrives_whole_and_what_is_sent_arrives_in_order()
    {
        await using var server = await SocketServer.StartAsync();
        using var client = await server.ConnectAsync();
        var text = new string('x', 50_000);

        await client.SendAsync(Encoding.UTF8.GetBytes(text[..20_000]), WebSocketMessageType.Text, endOfMessage: false, default);
        await client.SendAsync(Encoding.UTF8.GetBytes(text[20_000..]), WebSocketMessageType.Text, endOfMessage: true, default);
        await client.SendAsync("second"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);

        Assert.Equal(text, (await ReceiveAsync(client)).Text);
        Assert.Equal("second", (await ReceiveAsync(client)).Text);
    }

    [Fact]
    public async Task A_client_that_reads_late_gets_the_newest_sample_and_not_a_queue()
    {
        await using var server = await SocketServer.StartAsync();
        using var client = await server.ConnectAsync();
        var socket = await server.Connected.Task.WaitAsync(Patience);
        var filler = new string('y', 60_000);
        var newest = 0;
        server.Sample = () => $"{Volatile.Read(ref newest)} {filler}";

        await Eventually.Holds("a sample waits because the client does not read", () =>
        {
            Interlocked.Increment(ref newest);
            return socket.NotifySample();
        });
        for (var more = 0; more < 1000; more++)
        {
            Interlocked.Increment(ref newest);
            socket.NotifySample();
        }

        var last = 0;
        var received = 0;
        while (last != newest)
        {
            last = int.Parse((await ReceiveAsync(client)).Text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            received++;
        }

        Assert.True(received <= newest - 1000, $"{received} of {newest} samples were sent to a client that did not read");
        await Eventually.Holds("nothing waits any more", () => !socket.IsLagging(TimeSpan.Zero));
    }

    [Fact]
    public async Task A_message_that_is_too_large_closes_with_1009()
    {
        await using var server = await SocketServer.StartAsync(new SocketLimits { MaxMessageBytes = 1000 });
        using var client = await server.ConnectAsync();

        await client.SendAsync(new byte[1001], WebSocketMessageType.Text, endOfMessage: true, default);

        Assert.Equal(SocketClose.TooLarge, (await ReceiveAsync(client)).Closed);
    }

    [Fact]
    public async Task A_binary_message_closes_with_1003()
    {
        await using var server = await SocketServer.StartAsync();
        using var client = await server.ConnectAsync();

        await client.SendAsync(new byte[1], WebSocketMessageType.Binary, endOfMessage: true, default);

        Assert.Equal(SocketClose.NotText, (await ReceiveAsync(client)).Closed);
    }

    [Fact]
    public async Task A_client_with_too_much_waiting_is_closed()
    {
        await using var server = await SocketServer.StartAsync(new SocketLimits { MaxQueuedMessages = 4 });
        using var client = await server.ConnectAsync();
        var socket = await server.Connected.Task.WaitAsync(Patience);
        var message = new byte[60_000];

        await Eventually.Holds("the socket gives up on a client that does not read", () =>
        {
            socket.Send(message);
            return socket.Closing is (SocketClose.TooSlow, _);
        });
    }

    [Fact]
    public async Task Closing_says_why_after_what_was_waiting()
    {
        await using var server = await SocketServer.StartAsync();
        using var client = await server.ConnectAsync();
        var socket = await server.Connected.Task.WaitAsync(Patience);

        socket.Send("last words"u8);
        socket.Close(SocketClose.TakenOver, new string('é', 200));

        Assert.Equal("last words", (await ReceiveAsync(client)).Text);
        Assert.Equal(SocketClose.TakenOver, (await ReceiveAsync(client)).Closed);
        Assert.Equal(new string('é', 61), client.CloseStatusDescription);
    }

    [Fact]
    public async Task A_silo_that_stops_closes_with_1001()
    {
        await using var server = await SocketServer.StartAsync();
        using var client = await server.ConnectAsync();
        await server.Connected.Task.WaitAsync(Patience);

        server.StopSockets();

        Assert.Equal(SocketClose.GoingAway, (await ReceiveAsync(client)).Closed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_goes_away_ends_the_run(bool politely)
    {
        await using var server = await SocketServer.StartAsync();
        using var client = await server.ConnectAsync();
        await server.Connected.Task.WaitAsync(Patience);

        if (politely)
            await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default).WaitAsync(Patience);
        else
            client.Abort();

        Assert.Null(await server.Ended.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_peer_that_answers_no_ping_ends_the_run()
    {
        await using var server = await SocketServer.StartAsync();
        using var client = await server.ConnectAsync();
        await server.Connected.Task.WaitAsync(Patience);

        // A client that does not receive does not answer pings either.
        Assert.Null(await server.Ended.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_peer_that_does_not_say_goodbye_is_left_after_a_moment()
    {
        await using var server = await SocketServer.StartAsync(new SocketLimits { PongTimeout = TimeSpan.FromMinutes(1) });
        using var client = await server.ConnectAsync();
        var socket = await server.Connected.Task.WaitAsync(Patience);

        socket.Close(SocketClose.Normal, "");

        Assert.Null(await server.Ended.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_fault_of_the_silo_closes_with_1011_and_is_thrown_on()
    {
        await using var server = await SocketServer.StartAsync();
        server.OnMessage = (_, _) => throw new InvalidOperationException("broken");
        using var client = await server.ConnectAsync();

        await client.SendAsync("x"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);

        Assert.Equal(SocketClose.Fault, (await ReceiveAsync(client)).Closed);
        Assert.IsType<InvalidOperationException>(await server.Ended.Task.WaitAsync(Patience));
    }

    private static async Task<(string Text, int? Closed)> ReceiveAsync(ClientWebSocket client)
    {
        var text = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var part = await client.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Patience);
            if (part.MessageType == WebSocketMessageType.Close)
                return ("", (int)part.CloseStatus!.Value);
            text.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return (Encoding.UTF8.GetString(text.ToArray()), null);
        }
    }
}

using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Armada.Core.Robots;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Arena;

/// <summary>Whatever a client sends: it is told what is wrong, no joint leaves its limits, and the silo goes on.</summary>
public sealed class BadInputTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";
    private const int Seed = 20250602;

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"type\"", "\"command\"", "\"data\"", "\"joints\"", "\"name\"", "\"Rotation\"", "\"value\"", "\"sequence\"",
        "\"commands\"", "\"timestamp\"", "1", "-1e308", "1e999", "null", "\"\\ud800\"", "\"slave_status\"", "\"real_value\"", "\"heartbeat\"",
    ];

    [Theory]
    [InlineData("no JSON", "")]
    [InlineData("""{"type":"launch"}""", "launch")]
    [InlineData("""{"type":"heartbeat","robot_id":"other"}""", "other")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"Tail","value":1}]}}""", "Tail")]
    [InlineData("""{"type":"slave_status","data":{"joints":[{"name":"Tail","real_value":1}]}}""", "Tail")]
    public async Task A_bad_message_is_told_and_the_connection_stays(string text, string named)
    {
        await using var silo = await StartAsync();
        await using var client = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot);

        await client.SendTextAsync(text);
        Assert.Contains(named, await client.HearsErrorAsync("invalid"), StringComparison.Ordinal);
        await client.SendAsync(new { type = "heartbeat" });

        await client.HearsAsync("heartbeat_ack");
    }

    [Fact]
    public async Task A_message_that_is_too_large_closes_the_connection()
    {
        await using var silo = await StartAsync();
        await using var client = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot);

        await client.SendTextAsync(new string(' ', 64 * 1024 + 1));

        await client.ClosesWithAsync(1009);
    }

    [Fact]
    public async Task A_client_that_sends_too_fast_is_told_and_its_excess_dropped()
    {
        await using var silo = await StartAsync();
        await using var client = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot);

        for (var message = 0; message < 2000; message++)
            await client.SendTextAsync("""{"type":"heartbeat"}""");
        await client.HearsErrorAsync("too_fast");
        await client.SendTextAsync("""{"type":"status_request"}""");

        Assert.InRange(client.CountOf("heartbeat_ack"), 1, 1999);
        Assert.False(client.HasEnded);
    }

    [Fact]
    public async Task Absurd_numbers_move_no_joint_outside_its_limits()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot, "names=lerobot");
        await using var client = await ArenaClient.SlaveAsync(silo.Http.BaseAddress!, Robot);

        foreach (var value in new[] { "1e308", "-1e308", "1e-320", "-0.0", "179769313486231570000000000000", "360.0000001" })
            await client.SendTextAsync($$$"""{"type":"command","data":{"joints":[{"name":"Jaw","value":{{{value}}},"speed":1e300},{"name":"Elbow","value":{{{value}}}}]}}""");

        await page.HearsCommandAsync("gripper", 100);
        await page.HearsCommandAsync("elbow_flex", 96.8);
        AssertWithinLimits(page);
    }

    [Fact]
    public async Task Fuzz_never_moves_a_joint_outside_its_limits_and_never_stops_the_silo()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot, "names=lerobot");
        var random = new Random(Seed);

        for (var round = 0; round < 24; round++)
        {
            await using var client = await ArenaClient.SlaveAsync(silo.Http.BaseAddress!, Robot, "takeover=true");
            for (var message = 0; message < 100 && !client.HasEnded; message++)
                await SendAnyAsync(client, random);
            if (round % 3 == 0)
                client.Vanish();
            else if (round % 3 == 1)
                await client.DisconnectAsync();
        }

        await Eventually.Holds("all that was sent is through, and only the page is left", () => IsLeftAlone(silo));
        AssertWithinLimits(page);
        await using var sane = await ArenaClient.SlaveAsync(silo.Http.BaseAddress!, Robot, "takeover=true");
        await sane.CommandAsync("Rotation", 33);
        await page.HearsCommandAsync("shoulder_pan", 33);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /ws/master/arm HTTP/1.1\r\n")]
    [InlineData("GET /ws/master/arm HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n")]
    [InlineData("GET /ws/master/arm HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")]
    public async Task A_connection_that_stops_half_way_leaves_nothing_behind(string text)
    {
        await using var silo = await StartAsync();
        using (var half = new TcpClient())
        {
            await half.ConnectAsync("127.0.0.1", silo.Http.BaseAddress!.Port);
            await half.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
            byte[] nonsense = [0x81, 0xFE, 0xFF, 0xFF, 1, 2, 3, 4, 5, 6]; // A text frame that announces 65535 bytes.
            await half.GetStream().WriteAsync(nonsense);
            half.Client.Shutdown(SocketShutdown.Send);
        }

        await using var client = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot);
        await client.HearsAsync("joint_states");
        await Eventually.Holds("the only guest is the sane client", () => IsLeftAlone(silo));
    }

    private static bool IsLeftAlone(RunningSilo silo)
    {
        var robot = silo.Service<Armada.Core.Engine.IRobotEngine>().GetAsync(Robot, default).AsTask().Result!;
        return robot.UnboundSlaves.Length == 1 && robot.Master is null or { Kind: MasterKind.Sequence };
    }

    private static async Task SendAnyAsync(ArenaClient client, Random random)
    {
        var bytes = new byte[random.Next(300)];
        random.NextBytes(bytes);
        var type = random.Next(50) == 0 ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
        var text = random.Next(4) switch
        {
            0 => null,
            1 => string.Concat(bytes.Take(60).Select(b => Pieces[b % Pieces.Length])),
            2 => $$$"""{"type":"command","data":{"joints":[{"name":"Jaw","value":{{{random.Next(-100000, 100000)}}}}],"duration":{{{random.Next(-5, 50)}}}}}""",
            _ => $$$"""{"type":"sequence","data":{"commands":[{"timestamp":{{{random.Next(-9, 99)}}},"joints":[{"name":"Pitch","value":{{{random.Next(-400, 400)}}}}]}]}}""",
        };
        try
        {
            await client.SendBytesAsync(text is null ? bytes : Encoding.UTF8.GetBytes(text), type, random.Next(40) > 0);
        }
        catch (Exception lost) when (lost is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Closed meanwhile for what it sent.
        }
    }

    private static void AssertWithinLimits(ArenaClient page)
    {
        Assert.True(page.CountOf("command") > 0);
        foreach (var joint in page.Messages.Where(message => message["type"]!.GetValue<string>() == "command")
            .SelectMany(message => message["data"]!["joints"]!.AsArray()))
        {
            var limits = RobotModels.So101.Joints[RobotModels.So101.Find(joint!["name"]!.GetValue<string>())];
            Assert.InRange(joint["value"]!.GetValue<double>(), limits.Min, limits.Max);
        }
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        return silo;
    }
}

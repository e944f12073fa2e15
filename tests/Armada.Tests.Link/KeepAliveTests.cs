using System.Net;
using System.Net.Sockets;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Link;

/// <summary>Signs of life, with a broker that says what the test says.</summary>
public sealed class KeepAliveTests : IDisposable
{
    private const byte PingRequest = 0xC0;
    private static readonly byte[] Accepted = [0x20, 3, 0, 0, 0];
    private static readonly byte[] PingResponse = [0xD0, 0];

    private readonly TcpListener broker = new(IPAddress.Loopback, 0);
    private readonly HandTime time = new();

    public KeepAliveTests() => broker.Start();

    [Fact]
    public async Task A_quiet_link_says_that_it_lives_and_one_whose_broker_is_silent_goes_down()
    {
        using var logs = new FailOnLoggedErrors();
        var options = new LinkOptions
        {
            ClientId = "one",
            Port = ((IPEndPoint)broker.LocalEndpoint).Port,
            KeepAlive = TimeSpan.FromSeconds(10),
        };
        await using var link = new MqttLink(options, logs.For<MqttLink>(), time);
        await link.StartAsync(CancellationToken.None);
        using var connection = await broker.AcceptSocketAsync();
        await connection.ReceiveAsync(new byte[1024]);
        await connection.SendAsync(Accepted);
        await Eventually.Holds("the link comes up", () => link.State is LinkState.Up);

        for (var i = 0; i < 3; i++)
        {
            Pass(options.KeepAlive);
            var received = new byte[16];
            Assert.Equal(2, await Eventually.Happens("a sign of life comes", connection.ReceiveAsync(received)));
            Assert.Equal(PingRequest, received[0]);
            var before = link.Counters;
            await connection.SendAsync(PingResponse);

            // A message behind the answer shows that the answer was read.
            await connection.SendAsync((byte[])[0x30, 4, 0, 1, (byte)'t', 0]);
            await Eventually.Holds("the answer is read", () => link.Counters.Received > before.Received);
        }

        Pass(3 * options.KeepAlive);
        await Eventually.Holds("the link goes down", () => link.State is LinkState.Down);
    }

    public void Dispose() => broker.Dispose();

    private void Pass(TimeSpan duration)
    {
        for (var passed = TimeSpan.Zero; passed < duration; passed += TimeSpan.FromSeconds(1)) time.Advance(TimeSpan.FromSeconds(1));
    }
}

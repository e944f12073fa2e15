using System.Net;
using Armada.Silo.Mqtt;
using Armada.Testing.Devices;
using Armada.Testing.Network;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Mqtt;

/// <summary>A silo with a leader and a follower that are connected to its own endpoint, on loopback without TLS.</summary>
internal sealed class EndpointPair : IAsyncDisposable
{
    public const string Robot = "arm";

    private EndpointPair(RunningSilo silo, int plainPort, ScriptedDevice leader, ScriptedDevice follower) =>
        (Silo, PlainPort, Leader, Follower) = (silo, plainPort, leader, follower);

    public RunningSilo Silo { get; }

    public int PlainPort { get; }

    public ScriptedDevice Leader { get; }

    public ScriptedDevice Follower { get; }

    public static async Task<EndpointPair> StartAsync(Broker broker, DeviceRateLimits? rate = null)
    {
        var plain = FreePort.Next();
        var silo = await RunningSilo.StartAsync(broker, options => options with
        {
            Broker = new() { Address = IPAddress.Loopback, Port = FreePort.Next(), PlainPort = plain, Rate = rate ?? new() },
        });
        foreach (var name in new[] { "leader", "follower" })
            await silo.SendAsync(HttpMethod.Post, "/api/v1/devices", new { name, kind = $"so101-{name}" });
        var pair = new EndpointPair(
            silo,
            plain,
            await ScriptedDevice.StartAsync(plain, silo.Topics, "leader", instance: "leader"),
            await ScriptedDevice.StartAsync(plain, silo.Topics, "follower", instance: "follower"));
        await silo.MakeRobotAsync(Robot);
        await silo.BindMasterAsync(Robot, "leader");
        await silo.BindSlaveAsync(Robot, "follower");
        await pair.Follower.CommandedAsync("the follower is commanded");
        return pair;
    }

    public async ValueTask DisposeAsync()
    {
        await Leader.DisposeAsync();
        await Follower.DisposeAsync();
        await Silo.DisposeAsync();
    }
}

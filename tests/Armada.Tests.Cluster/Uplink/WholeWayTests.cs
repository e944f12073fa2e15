using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.Cluster.Uplink;

/// <summary>Real silo, broker and agents: states go through the cluster's gateway, commands over the broker.</summary>
public sealed class WholeWayTests
{
    [Fact]
    public async Task The_follower_follows_over_the_gateway_and_goes_on_after_the_silo_was_killed()
    {
        await using var fleet = await Fleet.TrackingAsync(fleet => Stream(fleet, null));
        await using var ear = RunningProcess.Start(
            "mosquitto_sub", "-p", $"{fleet.Broker.Port}", "-t", "armada/v1/+/state", "-t", "armada/v1/+/presence", "-F", "%t");
        await ear.PrintsAsync("leader/presence");
        await ear.PrintsAsync("follower/presence");
        await fleet.FollowsAsync();

        await fleet.KillSiloAsync();
        await fleet.Follower.HoldsAsync();
        fleet.StartSilo();
        await fleet.SiloIsReadyAsync();
        await fleet.MakeRobotAsync(); // A cluster of one process forgets.
        await fleet.FollowsAsync(TimeSpan.FromSeconds(15));

        Assert.DoesNotContain(ear.Lines, topic => topic.EndsWith("/state", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Over_TLS_the_follower_follows()
    {
        using var folder = new TempFolder();
        using var authority = new TestCertificates(folder);
        await using var fleet = await Fleet.TrackingAsync(fleet => Stream(fleet, authority));

        Assert.Equal("live", (await fleet.RobotAsync())["master"]!["state"]!.GetValue<string>());
    }

    private static void Stream(Fleet fleet, TestCertificates? authority)
    {
        var gateway = FreePort.Next();
        fleet.SiloArguments =
        [
            "--cluster", "bench", "--silo-endpoint", $"127.0.0.1:{FreePort.Next()}", "--gateway-port", $"{gateway}", .. SiloTls(authority),
        ];
        fleet.AgentFile = file =>
        {
            file["uplink"] = "orleans";
            file["cluster"] = new JsonObject
            {
                ["id"] = "bench",
                ["gateways"] = new JsonArray($"127.0.0.1:{gateway}"),
                ["tls"] = AgentTls(authority),
            };
        };
    }

    private static string[] SiloTls(TestCertificates? authority)
    {
        if (authority is null)
            return [];
        var (certificate, key) = authority.Member("silo-1");
        return ["--cluster-ca", authority.CaFile, "--cluster-cert", certificate, "--cluster-key", key];
    }

    private static JsonObject? AgentTls(TestCertificates? authority)
    {
        if (authority is null)
            return null;
        var (certificate, key) = authority.Client("agent-1");
        return new JsonObject { ["ca"] = authority.CaFile, ["certificate"] = certificate, ["key"] = key };
    }
}

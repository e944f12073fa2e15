using Armada.Core.Engine;
using Armada.Testing;
using Armada.Testing.Network;

namespace Armada.Tests.Silo.Remotes;

/// <summary>A remote slave at a service that does what it should not.</summary>
public sealed class ScriptedEndpointTests(RemoteSilo near) : IClassFixture<RemoteSilo>
{
    [Fact]
    public async Task Commands_go_out_and_joint_states_come_back()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        var robot = await near.MakeAsync(endpoint.Url + "/"); // A slash at the end is no part of the name.
        await near.ShowsAsync(robot, "live");
        await using var driver = await near.DriveAsync(robot, 12);

        await Eventually.Holds("the endpoint is commanded there", () => endpoint.Commands.Any(command =>
            Arena.ArenaClient.ValueIn(command, "Rotation") is { } value && Math.Abs(value - 12) < 0.01));
        await Eventually.Holds("its joint states are the slave's pose", () => Real(robot) == 1.5);
        var visit = Assert.Single(endpoint.Visits);
        Assert.StartsWith($"/ws/slave/far?name={robot}-", visit, StringComparison.Ordinal);
        Assert.Equal("far", endpoint.Commands.First()["robot_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_service_that_never_answers_a_command_has_failed_and_is_dialed_again()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        endpoint.Answer((string?)null);
        var robot = await near.MakeAsync(endpoint.Url);
        await using var driver = await near.DriveAsync(robot, 5);

        await near.ShowsAsync(robot, "failed", "no answer to a command");
        await Eventually.Holds("it is dialed again", () => endpoint.Visits.Count > 1);
        endpoint.Answer(ScriptedEndpoint.Accepted);

        await near.ShowsAsync(robot, "live");
    }

    [Fact]
    public async Task A_command_that_is_refused_fails_the_slave_with_the_services_reason()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        endpoint.Answer("""{"type":"command_ack","data":{"accepted":false,"reason":"first is master there"}}""");
        var robot = await near.MakeAsync(endpoint.Url);
        await using var driver = await near.DriveAsync(robot, 5);

        await near.ShowsAsync(robot, "failed", "first is master there");
        await Eventually.Holds("it is dialed again", () => endpoint.Visits.Count > 1);
    }

    [Fact]
    public async Task A_service_that_answers_late_lags_and_gets_the_newest_command()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        endpoint.Answer(async () =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(450)); // This is how slow it is.
            return ScriptedEndpoint.Accepted;
        });
        var robot = await near.MakeAsync(endpoint.Url);
        await using var driver = await near.DriveAsync(robot, 25);

        await near.ShowsAsync(robot, "lagging");
        endpoint.Answer(ScriptedEndpoint.Accepted);

        await near.ShowsAsync(robot, "live");
        Assert.Single(endpoint.Visits);
        await Eventually.Holds("it is commanded there", () => Arena.ArenaClient.ValueIn(endpoint.Commands.Last(), "Rotation") == 25);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("""{"type":"launch"}""")]
    [InlineData("""{"type":"joint_states","data":{"joints":[{"name":"Tail","real_value":1}]}}""")]
    [InlineData("""{"type":"joint_states","data":{"joints":[{"name":"Rotation","real_value":1e9}]}}""")]
    public async Task What_makes_no_sense_is_passed_over(string nonsense)
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        var robot = await near.MakeAsync(endpoint.Url);
        endpoint.Answer(nonsense);
        await using var driver = await near.DriveAsync(robot, 5);
        await Eventually.Holds("it is commanded", () => endpoint.Commands.Any());
        endpoint.Answer(ScriptedEndpoint.Accepted);

        await Eventually.Holds("it is commanded further", () => endpoint.Commands.Count() > 5);
        Assert.Single(endpoint.Visits);
    }

    [Fact]
    public async Task A_connection_that_takes_long_is_connecting_and_one_that_is_refused_has_failed()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        await using var proxy = new CuttingProxy(endpoint.Port);
        proxy.Stall();
        var robot = await near.MakeAsync($"ws://127.0.0.1:{proxy.Port}/ws/slave/far");
        await near.ShowsAsync(robot, "connecting");

        proxy.Cut(refuse: true);
        Assert.NotEmpty((await near.ShowsAsync(robot, "failed"))!);
        proxy.Resume();

        await near.ShowsAsync(robot, "live");
    }

    [Fact]
    public async Task Unbinding_hangs_up_and_the_same_slave_may_be_bound_again()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        var robot = await near.MakeAsync(endpoint.Url);
        await near.ShowsAsync(robot, "live");

        await near.UnbindAsync(robot);
        await Eventually.Holds("the silo has hung up", () => endpoint.Open == 0);
        await near.BindAsync(robot, endpoint.Url);

        await near.ShowsAsync(robot, "live");
        await Eventually.Holds("one connection is open, the second", () => (endpoint.Open, endpoint.Visits.Count) == (1, 2));
    }

    [Fact]
    public async Task Another_address_is_dialed_instead_and_a_robot_that_is_deleted_hangs_up()
    {
        await using var first = await ScriptedEndpoint.StartAsync();
        await using var second = await ScriptedEndpoint.StartAsync();
        var robot = await near.MakeAsync(first.Url);
        await near.ShowsAsync(robot, "live");

        await near.BindAsync(robot, second.Url);
        await Eventually.Holds("it is connected to the second", () => (first.Open, second.Open) == (0, 1));
        await near.Silo.SendAsync(HttpMethod.Delete, $"/api/v1/robots/{robot}");

        await Eventually.Holds("it has hung up", () => second.Open == 0);
    }

    [Theory]
    [InlineData("http://127.0.0.1/ws/slave/far")]
    [InlineData("ws://user:secret@127.0.0.1/ws/slave/far")]
    [InlineData("ws://127.0.0.1/latest/meta-data")]
    [InlineData("ws://127.0.0.1/ws/slave/")]
    [InlineData("ws://127.0.0.1/ws/slave/far#part")]
    [InlineData("/ws/slave/far")]
    public async Task An_address_that_is_no_slave_endpoint_is_refused(string url)
    {
        await near.Silo.MakeRobotAsync("refusing");

        Assert.Equal((422, "invalid"), await near.Silo.AskAsync(
            HttpMethod.Post, "/api/v1/robots/refusing/slaves", new { type = "remote", name = RemoteSilo.Slave, url }));
    }

    private double? Real(string robot) => near.Silo.Service<IRobotEngine>().GetAsync(robot, default).AsTask().Result!.Slaves.Single().Joints[0].Real;
}

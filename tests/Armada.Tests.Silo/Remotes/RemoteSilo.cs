using System.Text.Json.Nodes;
using Armada.Silo.Remotes;
using Armada.Testing;
using Armada.Tests.Silo.Arena;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Remotes;

/// <summary>One silo for all tests of a class, a robot for each; it does not wait long for an answer.</summary>
public sealed class RemoteSilo : IAsyncLifetime
{
    public const string Slave = "far";

    private readonly Broker broker = new();
    private int robots;

    internal RunningSilo Silo { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        Silo = await RunningSilo.StartAsync(
            broker, adjust: services => services.AddSingleton(new RemoteTiming { AcknowledgeTimeout = TimeSpan.FromMilliseconds(1500) }));
    }

    public async Task DisposeAsync()
    {
        await Silo.DisposeAsync();
        await broker.DisposeAsync();
    }

    /// <summary>A robot of its own, with a remote slave.</summary>
    public async Task<string> MakeAsync(string url)
    {
        var robot = $"arm-{Interlocked.Increment(ref robots)}";
        await Silo.MakeRobotAsync(robot);
        await BindAsync(robot, url);
        return robot;
    }

    public Task BindAsync(string robot, string url) =>
        Silo.SendAsync(HttpMethod.Post, $"/api/v1/robots/{robot}/slaves", new { type = "remote", name = Slave, url });

    public Task UnbindAsync(string robot) => Silo.SendAsync(HttpMethod.Delete, $"/api/v1/robots/{robot}/slaves/{Slave}");

    /// <summary>A program that is master and holds one joint where it is told to.</summary>
    internal async Task<ArenaClient> DriveAsync(string robot, double rotation)
    {
        var driver = await ArenaClient.SlaveAsync(Silo.Http.BaseAddress!, robot, "name=driver");
        await driver.CommandAsync("Rotation", rotation);
        await driver.HearsAsync("command_ack", ack => ack["data"]!["accepted"]!.GetValue<bool>());
        return driver;
    }

    /// <summary>Waits until REST shows the slave in a state, and gives the reason it shows.</summary>
    public async Task<string?> ShowsAsync(string robot, string state, string inReason = "")
    {
        JsonNode? slave = null;
        await Eventually.Holds(
            () => $"the remote slave is {state} ({inReason}); it is {slave}",
            () => (slave = Silo.GetAsync($"/api/v1/robots/{robot}/slaves/{Slave}").GetAwaiter().GetResult())["state"]!.GetValue<string>() == state
                && (slave["reason"]?.GetValue<string>() ?? "").Contains(inReason, StringComparison.Ordinal));
        return slave!["reason"]?.GetValue<string>();
    }
}

using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Hosting;
using Armada.EdgeAgent.Stops;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Agent.Hosting;

/// <summary>Whoever asks for a stop finds the agents, wherever they run, and is never told that a stop was made that was not.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ControlSocketTests : IDisposable
{
    private readonly FailOnLoggedErrors logs = new();
    private readonly TempFolder folder = new();
    private readonly ControlSocketPlaces places;

    public ControlSocketTests()
    {
        places = ControlSocketPlaces.OfMachine with { Run = folder.File("run"), Temp = folder.File("tmp") };
        Directory.CreateDirectory(places.Temp);
    }

    public void Dispose()
    {
        folder.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task A_service_a_session_and_a_bare_process_are_all_found_and_all_stopped()
    {
        using var bare = new RunningServer(Bare().FindOwn(), logs);
        Directory.CreateDirectory(Path.Combine(places.Run, "user", $"{places.User}"));
        using var session = new RunningServer(Bare().FindOwn(), logs);
        File.Delete(Path.Combine(places.Run, "armada-edge"));
        using var service = new RunningServer(places.FindOwn(), logs);
        Assert.Equal(3, new[] { bare.Path, session.Path, service.Path }.Distinct().Count());

        var answers = await ControlSocket.AskAllAsync(places, "stop", default);

        Assert.All(answers, answer => Assert.True(answer is { Ok: true, Stopped: true }, answer.Error));
        Assert.Equal(3, answers.Count);
        Assert.All([bare, session, service], server => Assert.True(server.Stop.IsLatched, $"{server.Path} is not stopped"));
    }

    [Fact]
    public void Its_user_may_ask_an_agent_and_the_services_group_may_ask_the_service()
    {
        using var bare = new RunningServer(Bare().FindOwn(), logs);
        File.Delete(Path.Combine(places.Run, "armada-edge"));
        using var service = new RunningServer(places.FindOwn(), logs);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bare.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(bare.Path)!));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(service.Path));
    }

    [Fact]
    public async Task Who_occupies_another_users_place_is_not_believed()
    {
        using var impostor = new RunningServer(new ControlSocketPlace(InTemp(places.User + 1)), logs);
        var victim = places with { User = places.User + 1 };

        var answer = Assert.Single(await ControlSocket.AskAllAsync(victim, "stop", default));

        Assert.False(answer.Ok, "an impostor's word was taken");
        Assert.Contains($"user {places.User} listens there, not user {victim.User}", answer.Error, StringComparison.Ordinal);
        Assert.False(impostor.Stop.IsLatched, "an impostor was asked");
    }

    [Fact]
    public async Task What_other_users_offer_and_what_dead_agents_left_is_no_agent()
    {
        using var other = new RunningServer(new ControlSocketPlace(InTemp(places.User + 1)), logs);
        using (var dead = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0))
            dead.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(InTemp(places.User)));
        var nobody = await Assert.ThrowsAsync<ConfigurationException>(
            () => ControlSocket.AskAllAsync(places with { User = places.User == 0 ? 4321 : places.User }, "stop", default));
        Assert.Contains("no agent listens at any known place", nobody.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_a_link_to_elsewhere_is_not_used()
    {
        Directory.CreateSymbolicLink(Path.Combine(places.Temp, $"armada-edge-{places.User}"), folder.Path);
        Assert.Contains("set control_socket", Assert.Throws<ConfigurationException>(() => Bare().FindOwn()).Message, StringComparison.Ordinal);
    }

    // Where the service's folder cannot be had: a file has its name.
    private ControlSocketPlaces Bare()
    {
        Directory.CreateDirectory(places.Run);
        File.WriteAllText(Path.Combine(places.Run, "armada-edge"), "");
        return places;
    }

    private string InTemp(uint user)
    {
        var path = Path.Combine(places.Temp, $"armada-edge-{user}");
        Directory.CreateDirectory(path);
        return Path.Combine(path, "agent.sock");
    }

    private sealed class RunningServer : IDisposable
    {
        private readonly ControlSocketServer server;

        public RunningServer(ControlSocketPlace place, FailOnLoggedErrors logs)
        {
            Path = place.Path;
            server = new ControlSocketServer(place, Stop, [], new Supervisor(TimeProvider.System, logs.For<Supervisor>()), logs.For<ControlSocketServer>());
            server.Open();
            server.StartAsync(default).GetAwaiter().GetResult();
        }

        public string Path { get; }

        public LocalStop Stop { get; } = new();

        public void Dispose()
        {
            server.StopAsync(default).GetAwaiter().GetResult();
            server.Dispose();
        }
    }
}

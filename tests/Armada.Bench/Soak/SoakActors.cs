using System.Globalization;
using Armada.Bench.Load;
using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Bench.Soak;

/// <summary>How often something came and went, over all acts.</summary>
internal sealed class ActivityCounts
{
    private readonly long[] counts = new long[Enum.GetValues<Activity>().Length];

    public void Count(Activity what) => Interlocked.Increment(ref counts[(int)what]);

    public override string ToString() =>
        string.Join(", ", Enum.GetValues<Activity>().Select(what => $"{Interlocked.Read(ref counts[(int)what])} {what}s".ToLowerInvariant()));
}

/// <summary>One act: many come and go, again and again, and at its end all leave at once.</summary>
internal sealed class SoakActors : IAsyncDisposable
{
    private const int Kinds = 4;
    private const int ActorsPerActivity = 12;

    private readonly SoakSetup setup;
    private readonly ActivityCounts counts;
    private readonly int seed;
    private readonly IRobotEngine engine;
    private readonly CancellationTokenSource ending = new();
    private readonly List<Task> running = [];

    /// <summary>Begins; robots 0, 1, 4, 5 … have leaders, 2, 6 … programs and 3, 7 … motions as masters.</summary>
    public SoakActors(SoakSetup setup, ActivityCounts counts, int seed)
    {
        (this.setup, this.counts, this.seed) = (setup, counts, seed);
        engine = setup.Part<IRobotEngine>();
        Run(Activity.Leader, 4, 0.5, LeadAsync);
        Run(Activity.Program, 12, 0, CommandAsync);
        Run(Activity.Motion, 6, 1, PlayAsync);
        Run(Activity.UnboundSlave, 12, 0, ExecuteAsync);
        Run(Activity.PanelSubscriber, 6, 0, WatchAsync);
        Run(Activity.Robot, 1, 2, MakeAndRemoveAsync);
        Run(Activity.Stop, 1, 3, StopAndResetAsync);
    }

    /// <summary>Done early only where one of them failed.</summary>
    public Task Failed => Task.WhenAny(running);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(running);
        ending.Dispose();
    }

    private void Run(Activity what, int actors, double pauseSeconds, Func<string, Random, Task> come)
    {
        for (var actor = 0; actor < actors; actor++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{what.ToString().ToLowerInvariant()}-{actor}");
            var random = new Random((((seed * ActorsPerActivity) + actor) * Enum.GetValues<Activity>().Length) + (int)what);
            running.Add(Task.Run(() => RepeatAsync(what, TimeSpan.FromSeconds(pauseSeconds), () => come(name, random))));
        }
    }

    private async Task RepeatAsync(Activity what, TimeSpan pause, Func<Task> come)
    {
        try
        {
            while (!ending.IsCancellationRequested)
            {
                await come();
                counts.Count(what);
                await Task.Delay(pause, ending.Token);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The act is over.
        }
    }

    private async Task LeadAsync(string name, Random random)
    {
        var robot = (random.Next(setup.Robots) / Kinds * Kinds) + random.Next(2);
        if (random.Next(2) == 0)
            await setup.SendAsync(HttpMethod.Delete, $"robots/{SoakSetup.RobotName(robot)}/master");
        await setup.SendAsync(
            HttpMethod.Put, $"robots/{SoakSetup.RobotName(robot)}/master", new { type = "device", device = SoakSetup.LeaderOf(robot), takeover = true });
    }

    private async Task CommandAsync(string name, Random random)
    {
        var robot = RobotOf(2, random);
        await using var program = await SoakSession.ConnectAsync(engine, robot, name);
        if (await program.AttachAsync(takeover: random.Next(5) == 0) is not { } epoch)
            return;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var commands = random.Next(20, 60); commands > 0 && await pace.WaitForNextTickAsync(ending.Token); commands--)
        {
            if (!await program.CommandAsync(epoch, random.Next(-40, 40)))
                return;
        }
    }

    private async Task PlayAsync(string name, Random random)
    {
        var robot = RobotOf(3, random);
        try
        {
            await engine.ApplyAsync(robot, new RobotRequest.Play(new SwayMotion(name), Loop: true, Takeover: true), ending.Token);
            await Task.Delay(random.Next(500, 2000), ending.Token);
            await engine.ApplyAsync(robot, new RobotRequest.ControlPlayback(Paused: null, TimeSpan.Zero), ending.Token);
        }
        finally
        {
            await setup.SendAsync(HttpMethod.Delete, $"robots/{robot}/master");
        }
    }

    private async Task ExecuteAsync(string name, Random random)
    {
        await using var slave = await SoakSession.ConnectAsync(engine, SoakSetup.RobotName(random.Next(setup.Robots)), name);
        await slave.JoinAsync();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var reports = random.Next(5, 30); reports > 0 && await pace.WaitForNextTickAsync(ending.Token); reports--)
            await slave.ReportAsync();
    }

    private async Task WatchAsync(string name, Random random)
    {
        await using var subscriber = await PanelSubscribers.OpenAsync(setup.Address, 1);
        await Task.Delay(random.Next(1000, 6000), ending.Token);
    }

    private async Task MakeAndRemoveAsync(string name, Random random)
    {
        await setup.MakeAsync(name, $"{name}-follower");
        await setup.SendAsync(HttpMethod.Delete, $"robots/{name}");
    }

    private async Task StopAndResetAsync(string name, Random random)
    {
        var robot = SoakSetup.RobotName(random.Next(setup.Robots));
        await setup.SendAsync(HttpMethod.Post, $"robots/{robot}/stop");
        try
        {
            await Task.Delay(random.Next(100, 1000), ending.Token);
        }
        finally
        {
            await setup.SendAsync(HttpMethod.Post, $"robots/{robot}/reset");
        }
    }

    private string RobotOf(int kind, Random random) => SoakSetup.RobotName((random.Next(setup.Robots / Kinds) * Kinds) + kind);
}

/// <summary>What comes and goes.</summary>
internal enum Activity
{
    Leader,
    Program,
    Motion,
    UnboundSlave,
    PanelSubscriber,
    Robot,
    Stop,
}

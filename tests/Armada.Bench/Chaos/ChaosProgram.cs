using System.Diagnostics;
using Armada.Testing.Processes;

namespace Armada.Bench.Chaos;

/// <summary>Kills, stalls, cuts and stops in a random order, beside racing masters and floods, with a watcher on the follower's servo bus.</summary>
internal sealed class ChaosProgram
{
    private const double SpeedSlack = 0.2;

    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(300);

    private readonly ChaosFleet fleet;
    private readonly ChaosCrowd crowd;
    private readonly BusWatcher watcher;
    private readonly Random random;
    private readonly TimeSpan slack;
    private readonly SortedDictionary<string, (int Tries, TimeSpan Worst)> tries = new(StringComparer.Ordinal);
    private readonly List<string> violations = [];

    private ChaosProgram(ChaosFleet fleet, ChaosCrowd crowd, BusWatcher watcher, int seed, TimeSpan slack) =>
        (this.fleet, this.crowd, this.watcher, random, this.slack) = (fleet, crowd, watcher, new Random(seed), slack);

    /// <summary>Runs it and prints tries and worst times.</summary>
    /// <param name="minutes">How long.</param>
    /// <param name="seed">Of everything that is random.</param>
    /// <param name="slack">Milliseconds beyond the 300 of a hold that count as the machine's, as thousandths of a joint's limit do.</param>
    /// <param name="cancellation">Ends it early, with what was found so far.</param>
    /// <returns>0 where every rule held, else 1.</returns>
    public static async Task<int> RunAsync(double minutes, int seed, int slack, CancellationToken cancellation)
    {
        Console.WriteLine($"""
            Chaos for {minutes} minutes, seed {seed}, on {Environment.ProcessorCount} cores, .NET {Environment.Version}. Silo and agents are processes, the arms are emulated here.
            Rules: no joint faster than its limit, none moved while stopped, none commanded by an old epoch; a hold within {Hold.TotalMilliseconds} ms (+ {slack} for the machine).

            """);
        await using var fleet = await ChaosFleet.StartAsync();
        using var watcher = new BusWatcher(fleet.Follower.Rig.Bus, SpeedSlack + (slack / 1000.0));
        await using var crowd = new ChaosCrowd(fleet, seed);
        var chaos = new ChaosProgram(fleet, crowd, watcher, seed, TimeSpan.FromMilliseconds(slack));
        await chaos.PlayAsync(TimeSpan.FromMinutes(minutes), cancellation);
        chaos.violations.AddRange([.. await crowd.OverlapsAsync(), .. crowd.Violations, .. watcher.Violations]);
        return chaos.Judge();
    }

    private async Task PlayAsync(TimeSpan duration, CancellationToken cancellation)
    {
        (string Name, Func<Task> Act)[] acts =
        [
            ("silo killed", () => HoldsAsync("silo killed", fleet.KillSiloAsync, BackAsync)),
            ("silo hung", () => HoldsAsync("silo hung", () => fleet.Silo.SendAsync(Signal.Stop), () => fleet.Silo.SendAsync(Signal.Continue))),
            ("leader's agent killed", () => HoldsAsync("leader's agent killed", () => KillAsync(fleet.Leader), () => Done(() => fleet.StartAgent(fleet.Leader)), ofLeader: true)),
            ("leader's agent hung", () => HoldsAsync(
                "leader's agent hung", () => fleet.Leader.Agent!.SendAsync(Signal.Stop), () => fleet.Leader.Agent!.SendAsync(Signal.Continue), ofLeader: true)),
            ("leader unplugged", () => HoldsAsync("leader unplugged", () => Done(fleet.Leader.Rig.Bus.Unplug), () => Done(fleet.Leader.Rig.Bus.Replug), ofLeader: true)),
            ("leader's network stalled", () => HoldsAsync("leader's network stalled", () => Done(fleet.Leader.Cable.Stall), () => Done(fleet.Leader.Cable.Resume), ofLeader: true)),
            ("leader's network cut", () => HoldsAsync("leader's network cut", () => Done(() => fleet.Leader.Cable.Cut(refuse: true)), () => Done(fleet.Leader.Cable.Resume), ofLeader: true)),
            ("follower's agent killed", () => HoldsAsync("follower's agent killed", () => KillAsync(fleet.Follower), () => Done(() => fleet.StartAgent(fleet.Follower)))),
            ("follower's agent hung", () => HoldsAsync(
                "follower's agent hung", () => fleet.Follower.Agent!.SendAsync(Signal.Stop), () => fleet.Follower.Agent!.SendAsync(Signal.Continue))),
            ("follower unplugged", () => HoldsAsync("follower unplugged", () => Done(fleet.Follower.Rig.Bus.Unplug), () => Done(fleet.Follower.Rig.Bus.Replug))),
            ("follower's network stalled", () => HoldsAsync("follower's network stalled", () => Done(fleet.Follower.Cable.Stall), () => Done(fleet.Follower.Cable.Resume))),
            ("follower's network cut", () => HoldsAsync("follower's network cut", () => Done(() => fleet.Follower.Cable.Cut(refuse: true)), () => Done(fleet.Follower.Cable.Resume))),
        ];
        var begin = Stopwatch.GetTimestamp();
        var order = new Queue<(string Name, Func<Task> Act)>();
        while (Stopwatch.GetElapsedTime(begin) < duration && !cancellation.IsCancellationRequested)
        {
            if (order.Count == 0)
            {
                random.Shuffle(acts);
                order = new(acts);
            }

            var (name, act) = order.Dequeue();
            var isStopped = random.Next(2) == 0;
            Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {name}{(isStopped ? ", stopped" : "")}");
            if (isStopped)
                await StopAsync(act);
            else
                await act();
            var recovering = Stopwatch.GetTimestamp();
            await fleet.FollowsAsync();
            Note("follows again", Stopwatch.GetElapsedTime(recovering));
        }
    }

    // From the fault on, nothing reaches the follower; its goal changes no more when the time to hold has passed.
    private async Task HoldsAsync(string name, Func<Task> fault, Func<Task> end, bool ofLeader = false)
    {
        var before = Stopwatch.GetTimestamp() - Stopwatch.Frequency;
        await fault();
        var moment = Stopwatch.GetTimestamp();
        await Task.Delay(random.Next(600, 2000));
        var held = watcher.LastGoalAfter(moment);
        var isOthers = ofLeader && crowd.HasReignedSince(before);
        await end();
        Note(isOthers ? $"{name}, a program was master" : name, isOthers ? TimeSpan.Zero : held);
        if (!isOthers && held > Hold + slack)
            violations.Add($"{name}: a goal changed {held.TotalMilliseconds:0} ms after");
    }

    // A stop with the key is answered, and from then on nothing moves, whatever else fails, until the reset.
    private async Task StopAsync(Func<Task> act)
    {
        var asked = Stopwatch.GetTimestamp();
        if (await fleet.AskAsync(HttpMethod.Post, $"{ChaosFleet.Robot}/stop") is null)
            violations.Add("a stop was refused");
        Note("stop answered", Stopwatch.GetElapsedTime(asked));
        await Task.Delay(Hold + slack);
        watcher.BeginRest();
        await act();
        await fleet.IsReadyAsync();
        watcher.EndRest();
    }

    private async Task BackAsync()
    {
        fleet.StartSilo();
        await fleet.IsReadyAsync();
    }

    private static Task KillAsync(ChaosFleet.Arm arm) => arm.Agent!.DisposeAsync().AsTask();

    private static Task Done(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private void Note(string what, TimeSpan took)
    {
        var (count, worst) = tries.GetValueOrDefault(what);
        tries[what] = (count + 1, took > worst ? took : worst);
    }

    private int Judge()
    {
        Console.WriteLine($"\n| what | tries | worst ms |\n|---|---|---|\n{string.Join('\n', tries.Select(row => $"| {row.Key} | {row.Value.Tries} | {row.Value.Worst.TotalMilliseconds:0} |"))}");
        Console.WriteLine(
            $"\n{crowd.Reigns} reigns of racing programs, {crowd.Strangers} connections of strangers, {crowd.FramesHeard} frames of the follower heard; fastest joint {watcher.WorstSpeed:0.00} of its limit "
            + $"({100.0 * watcher.Judged / watcher.Looks:0} % of the looks judged, in the others this process had stood still), "
            + $"moved {watcher.WorstDrift:0.00} while stopped; {violations.Count} violations\n{string.Join('\n', violations)}");
        return violations.Count == 0 ? 0 : 1;
    }
}

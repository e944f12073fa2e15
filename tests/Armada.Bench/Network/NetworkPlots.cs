namespace Armada.Bench.Network;

/// <summary>Makes the pictures of docs/network.md from short runs: what the follower does at each kind of trouble.</summary>
internal static class NetworkPlots
{
    public static async Task<int> DrawAsync(string folder, NetworkOptions options, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        foreach (var (file, title, profile) in (IEnumerable<(string, string, string)>)
        [
            ("loss", "A packet lost at 150 ms round trip a hop: TCP holds what comes behind until it is sent again", "intercont"),
            ("stall", "Wi-Fi that stalls for 200 ms", "badwifi"),
            ("outage", "A network that is gone for 450 ms: a hold after 300 ms, then along the leader's own path", "outage"),
        ])
        {
            var trace = await RunAsync(Run(profile), null);
            var gap = LongestGap(trace);
            Write(file, MotionPlot.Draw(title, trace, gap - 0.4, gap + 1.8, [.. trace.Losses.Select(at => (at, "lost"))]));
        }

        var slow = await RunAsync(Run("none") with { LeaderHz = 10 }, null);
        Write("slow-master", MotionPlot.Draw("A leader that is read 10 times a second", slow, slow.Leader.CountFrom + 3, slow.Leader.CountFrom + 5, []));

        var at = new LeaderPath(isShort: true).CountFrom + 3;
        var stopped = await RunAsync(Run("country"), async fleet =>
        {
            await fleet.AtAsync(at, cancellation);
            await fleet.StopAsync();
            await fleet.AtAsync(at + 1, cancellation);
            await fleet.ResetAsync();
        });
        Write("stop", MotionPlot.Draw("A stop and a reset at 30 ms round trip a hop", stopped, at - 0.5, at + 3, [(at, "stop"), (at + 1, "reset")]));
        return 0;

        NetworkRun Run(string name) => new(NetworkProfile.All.First(profile => profile.Name == name), options.Seed, true, options.Paths, options.Playout);

        async Task<NetworkTrace> RunAsync(NetworkRun run, Func<NetworkFleet, Task>? disturb)
        {
            await using var fleet = await NetworkFleet.StartAsync(run);
            return await fleet.LeadAsync(disturb, cancellation);
        }

        void Write(string name, string svg)
        {
            File.WriteAllText(Path.Combine(folder, name + ".svg"), svg);
            Console.WriteLine($"{Path.Combine(folder, name)}.svg: {svg.Length / 1024} kB");
        }
    }

    // While the leader moves, and early enough that what comes of it is in the picture.
    private static double LongestGap(NetworkTrace trace) => trace.Arrivals
        .Zip(trace.Arrivals.Skip(1))
        .Where(pair => pair.First.At > trace.Leader.CountFrom && pair.Second.At < trace.Leader.CountTo - 1.5)
        .Where(pair => Enumerable.Range(0, 5).Max(part => trace.Leader.Speed(pair.First.At + (part * (pair.Second.At - pair.First.At) / 4))) > 30)
        .MaxBy(pair => pair.Second.At - pair.First.At).First.At;
}

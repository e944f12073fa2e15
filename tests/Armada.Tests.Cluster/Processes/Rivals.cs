using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Armada.Tests.Cluster.Processes;

/// <summary>
/// Programs at every silo that all want to be master of the same robots, without takeover. Whoever is let in commands for a while and
/// leaves. Once one of them has been told its epoch, nothing that anybody asks from then on may be accepted under an older epoch.
/// </summary>
internal sealed class Rivals : IAsyncDisposable
{
    // They compete with each other, not with the robots for the processor.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentQueue<Reign> reigns = new();
    private readonly ClusterOfProcesses cluster;
    private readonly Task[] programs;

    public Rivals(ClusterOfProcesses cluster, params string[] robots)
    {
        this.cluster = cluster;
        programs = [.. robots.SelectMany(robot => Enumerable.Range(0, ClusterOfProcesses.Count).Select(silo => Task.Run(() => CompeteAsync(robot, silo))))];
    }

    /// <summary>How often somebody became master.</summary>
    public int Reigns => reigns.Count;

    /// <summary>Ends the programs, and gives the reigns of one robot that overlap or share an epoch.</summary>
    public async Task<IReadOnlyList<string>> OverlapsAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(programs);
        return
        [
            .. from one in reigns
               from other in reigns
               where one.Robot == other.Robot
               where one.Epoch < other.Epoch ? other.ToldAt < one.LastAskedAt : one.Epoch == other.Epoch && one.Name != other.Name
               select $"{one} and {other}",
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(programs);
        ending.Dispose();
    }

    private async Task CompeteAsync(string robot, int silo)
    {
        var name = $"rival-{silo}";
        using var pace = new PeriodicTimer(Pace);
        while (!ending.IsCancellationRequested)
        {
            await pace.WaitForNextTickAsync(CancellationToken.None);
            var lastAsked = Stopwatch.GetTimestamp();
            if (await AskAsync(silo, HttpMethod.Put, $"/api/v1/robots/{robot}/master", new { type = "remote", name }) is not { } admitted)
                continue;
            var told = Stopwatch.GetTimestamp();
            var epoch = admitted["epoch"]!.GetValue<uint>();
            for (var command = 0; command < 10; command++)
            {
                var asked = Stopwatch.GetTimestamp();
                var body = new { name, epoch, joints = new[] { new { name = "shoulder_pan", value = command } } };
                if (await AskAsync(silo, HttpMethod.Post, $"/api/v1/robots/{robot}/master/command", body) is null)
                    break;
                lastAsked = asked; // It was accepted no earlier than this; the answer may have been long under way.
            }

            reigns.Enqueue(new Reign(robot, name, epoch, told, lastAsked));
            await AskAsync(silo, HttpMethod.Delete, $"/api/v1/robots/{robot}/master", null);
        }
    }

    private async Task<JsonNode?> AskAsync(int silo, HttpMethod method, string path, object? body)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null)
                request.Content = JsonContent.Create(body);
            using var answer = await cluster.Doors[silo].SendAsync(request, ending.Token);
            if (!answer.IsSuccessStatusCode)
                return null;
            var text = await answer.Content.ReadAsStringAsync(ending.Token);
            return JsonNode.Parse(text.Length == 0 ? "{}" : text);
        }
        catch (HttpRequestException)
        {
            return null; // Its silo is dead or starts.
        }
        catch (OperationCanceledException)
        {
            return null; // The test ends, or a silo died with the request.
        }
    }

    /// <param name="ToldAt">It was master before this.</param>
    /// <param name="LastAskedAt">Its admission, or a command under its epoch, was accepted after this.</param>
    private sealed record Reign(string Robot, string Name, uint Epoch, long ToldAt, long LastAskedAt);
}

using System.Collections.Concurrent;
using Armada.EdgeAgent.Orleans;

namespace Armada.Tests.Cluster.Uplink;

/// <summary>A cluster that answers as the test says, and keeps what it was asked.</summary>
internal sealed class ScriptedFleet : IFleetCalls
{
    private readonly ConcurrentQueue<(string Robot, byte Frame)> taken = new();
    private int claims;
    private int underWay;
    private int mostUnderWay;

    /// <summary>The robot that every device serves.</summary>
    public string? Robot { get; set; } = "robot-1";

    /// <summary>What becomes of a frame.</summary>
    public Func<string, Task<bool>> Take { get; set; } = _ => Task.FromResult(true);

    public int Claims => Volatile.Read(ref claims);

    public int MostUnderWay => Volatile.Read(ref mostUnderWay);

    public IReadOnlyCollection<(string Robot, byte Frame)> Taken => taken;

    public Task<string?> ClaimAsync(string device)
    {
        Interlocked.Increment(ref claims);
        return Task.FromResult(Robot);
    }

    public async Task<bool> TakeStateAsync(string robot, string device, ReadOnlyMemory<byte> frame)
    {
        taken.Enqueue((robot, frame.Span[0]));
        mostUnderWay = Math.Max(mostUnderWay, Interlocked.Increment(ref underWay));
        try
        {
            return await Take(robot);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }
}

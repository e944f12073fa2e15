using Armada.Messaging.Handover;
using Armada.Messaging.Link;
using Armada.Messaging.Uplink;
using Armada.Wire.Frames;

namespace Armada.EdgeAgent.Orleans;

/// <summary>
/// Streams one device's state into the grain of the robot it serves: the newest frame only, and one call at a time, so that a slow or
/// lost cluster is never sent more than it takes.
/// </summary>
internal sealed class DeviceUplink(string device, ClusterContact contact, TimeProvider time) : IStateUplink, IDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly LatestSample latest = new(FrameCodec.MaxSize);
    private readonly BackOff backOff = new(FirstWait, LongestWait, Random.Shared.NextDouble);
    private readonly byte[] frame = new byte[FrameCodec.MaxSize];
    private string? robot;
    private long? askedAt;
    private long sent;
    private long dropped;

    /// <inheritdoc/>
    public string Way => "orleans";

    /// <inheritdoc/>
    public long Sent => Volatile.Read(ref sent);

    /// <inheritdoc/>
    public long Dropped => Volatile.Read(ref dropped) + latest.Overwritten;

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame) => latest.TryPut(frame);

    /// <summary>Hands frames on until it is cancelled.</summary>
    public async Task RunAsync(IFleetCalls calls, CancellationToken cancellation)
    {
        while (true)
        {
            await latest.WaitAsync(cancellation);
            if (!latest.TryTake(frame, out var length))
                continue;
            var wait = await TryHandOnAsync(calls, length) ? TimeSpan.Zero : backOff.Next();
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time, cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => latest.Dispose();

    /// <summary>False where the cluster was not reached.</summary>
    private async Task<bool> TryHandOnAsync(IFleetCalls calls, int length)
    {
        try
        {
            var taken = await FindRobotAsync(calls) && await calls.TakeStateAsync(robot!, device, frame.AsMemory(0, length));
            if (taken)
                Interlocked.Increment(ref sent);
            else
                Lose();
            backOff.Reset();
            contact.Works();
            return true;
        }
        catch (Exception fault)
        {
            // Whatever it was, the next frame is as good a try; what the robot is may have changed meanwhile.
            Lose();
            contact.Fails(fault);
            return false;
        }
    }

    private void Lose()
    {
        Interlocked.Increment(ref dropped);
        robot = null;
    }

    private async Task<bool> FindRobotAsync(IFleetCalls calls)
    {
        if (robot is not null)
            return true;
        if (askedAt is { } before && time.GetElapsedTime(before) < AskEvery)
            return false;
        askedAt = time.GetTimestamp();
        robot = await calls.ClaimAsync(device);
        return robot is not null;
    }
}

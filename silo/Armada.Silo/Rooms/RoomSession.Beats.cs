using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>What a session does by itself, twice a second: a producer's lease is renewed, a slow consumer is found.</summary>
internal sealed partial class RoomSession
{
    private const long LaggingAfter = 300_000; // µs

    private static readonly TimeSpan BeatEvery = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim regaining = new(1);
    private bool lagging;

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(BeatEvery, parts.Clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                if (Role == RoomRole.Producer)
                    await RenewAsync();
                else
                    await PaceAsync();
                if (configured || open!.Commanded != joints!.All)
                    await LookAsync();
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            LogEnded(Name);
        }
        catch
        {
            socket.Close(SocketClose.Fault, "the silo failed; its log says why");
            throw;
        }
    }

    private async Task RenewAsync()
    {
        var reply = await ApplyAsync(new RobotRequest.Heartbeat(Name, epoch));
        if (reply.Refused?.Reason == RefusalReason.NotMaster)
            await RegainAsync();
    }

    // A lease that ran out, because the silo stood still for a while, is asked for again; one that was taken is not.
    private async ValueTask<bool> RegainAsync()
    {
        var lost = epoch;
        await regaining.WaitAsync();
        try
        {
            return socket.Closing is null && (epoch != lost || await AttachAgainAsync());
        }
        finally
        {
            regaining.Release();
        }
    }

    private async ValueTask<bool> AttachAgainAsync()
    {
        var reply = await ApplyAsync(new RobotRequest.AttachRemote(Name, false));
        if (reply.Refused is { } refused)
        {
            SayError("No longer the producer", "lease_lost", refused.Text);
            socket.Close(SocketClose.TakenOver, "the lease was lost");
            return false;
        }

        epoch = reply.Robot!.Document.Epoch;
        RecordBound(takeover: false);
        return true;
    }

    private async Task PaceAsync()
    {
        var slow = socket.SampleWaitingSince is { } since && parts.Clock.Now().Monotonic - since.Monotonic > LaggingAfter;
        if (slow == lagging)
            return;
        lagging = slow;
        await ApplyAsync(new RobotRequest.SlavePace(Name, slow));
    }

    private async Task LookAsync()
    {
        var isAnother = configured;
        configured = false;
        if (await parts.Engine.GetAsync(robot, ended.Token) is not { } snapshot)
            return;
        if (isAnother)
            Configure(snapshot);
        open!.Learn(snapshot);
    }

    private void Configure(RobotSnapshot snapshot)
    {
        var known = new RoomJoints(snapshot.Document.Model, parts.Options.RoomUnits);
        lock (newest)
        {
            joints = known;
            sent = [.. Enumerable.Repeat(double.NaN, known.Count)];
        }
    }
}

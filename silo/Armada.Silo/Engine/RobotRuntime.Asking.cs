using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Silo.Engine;

/// <summary>What is asked of the robot that is no sample; each in a turn of its own.</summary>
internal sealed partial class RobotRuntime
{
    private long fleetAsked;
    private volatile bool isStoring;

    /// <inheritdoc/>
    public Task<RobotReply> LookAsync(CancellationToken cancellation) =>
        AskAsync(new WorkItem((_, _) => Decision.Nothing), ahead: false, cancellation);

    /// <inheritdoc/>
    public Task<RobotReply> CheckAsync(RobotRequest request, CancellationToken cancellation) =>
        AskAsync(new WorkItem((core, _) => core.Check(request)), ahead: false, cancellation);

    /// <inheritdoc/>
    public Task<RobotReply> AskAsync(RobotRequest request, CancellationToken cancellation) => request switch
    {
        RobotRequest.Stop => StopAsync(request, cancellation),
        RobotRequest.FleetStop fleet => FollowFleetAsync(fleet, cancellation),
        RobotRequest.UnbindSlave unbind => UnbindAsync(unbind, cancellation),
        _ => AskAsync(Doing(request), ahead: false, cancellation),
    };

    /// <summary>Queues a turn and waits for it and its effects.</summary>
    /// <param name="asked">What to do.</param>
    /// <param name="ahead">Before everything queued: a stop.</param>
    /// <param name="cancellation">Ends the waiting, not the turn.</param>
    public Task<RobotReply> AskAsync(WorkItem asked, bool ahead, CancellationToken cancellation)
    {
        Post(asked, ahead);
        return asked.Done.Task.WaitAsync(cancellation);
    }

    /// <summary>A device's presence, in a turn that nobody waits for.</summary>
    public void TellPresence(string device, bool online) => Post(new WorkItem((core, now) => core.OnPresence(device, online, now)));

    private void Post(WorkItem asked, bool ahead = false)
    {
        (ahead ? urgent : queued).Enqueue(asked);
        Wake();
        if (closed)
            RefuseQueued();
    }

    private WorkItem Doing(RobotRequest request) => new((core, now) =>
        Configures(request) && storage.Obstacle is { } obstacle
            ? Decision.Refuse(RefusalReason.NotStored, $"nothing was changed: {obstacle}")
            : core.Apply(request, now));

    /// <summary>What begins an epoch although a master may be live: a write of it that fails would end that lease.</summary>
    private static bool Configures(RobotRequest request) => request is
        RobotRequest.BindMaster or RobotRequest.UnbindMaster or RobotRequest.BindSlave or RobotRequest.UnbindSlave or RobotRequest.Configure
        or RobotRequest.AttachRemote { Takeover: true } or RobotRequest.Play { Takeover: true };

    private Task<RobotReply> StopAsync(RobotRequest stop, CancellationToken cancellation)
    {
        var turn = AskAsync(Doing(stop), ahead: true, cancellation);
        StopDevicesNow();
        return turn;
    }

    /// <summary>What was asked of the fleet last stands: a release that a stop overtook on the way here does nothing.</summary>
    private Task<RobotReply> FollowFleetAsync(RobotRequest.FleetStop fleet, CancellationToken cancellation)
    {
        var asked = Interlocked.Increment(ref fleetAsked);
        var turn = new WorkItem((core, now) =>
        {
            if (asked != Volatile.Read(ref fleetAsked))
                return Decision.Nothing;
            isFleetStopped = fleet.Stopped;
            return core.Apply(fleet, now);
        });
        var answer = AskAsync(turn, ahead: fleet.Stopped, cancellation);
        if (fleet.Stopped)
            StopDevicesNow();
        return answer;
    }

    // The turn under way may be waiting for its document to be written; the devices must not.
    private void StopDevicesNow()
    {
        if (!isStoring)
            return;
        foreach (var slot in slots)
        {
            if (slot.Role == DeviceRole.Slave)
                parts.Control.Stop(slot.Device);
        }
    }

    private async Task<RobotReply> UnbindAsync(RobotRequest.UnbindSlave unbind, CancellationToken cancellation)
    {
        var reply = await AskAsync(Doing(unbind), ahead: false, cancellation);
        if (reply.Refused is null)
            Expel(unbind.Name);
        return reply;
    }
}

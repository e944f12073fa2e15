using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Silo.Engine;

/// <summary>The turns themselves; all of this runs as the owner of the turn.</summary>
internal sealed partial class RobotRuntime
{
    private async Task RunAsync()
    {
        while (!closed)
        {
            await handedOver.WaitAsync();
            do
            {
                Interlocked.Exchange(ref turn, Busy); // A full fence: what came before a Dirty that this clears is seen below.
                await RunTurnsAsync();
            }
            while (!closed && Interlocked.CompareExchange(ref turn, Idle, Busy) != Busy);
        }

        RefuseQueued();
    }

    private async Task RunTurnsAsync()
    {
        try
        {
            if (broken)
                Rebuild();
            await RunEffectsAsync(TakeDue());
            while (await RunNextAsync())
            {
            }
        }
        catch (Exception fault)
        {
            LogFault(fault, Id);
            parts.Telemetry.CountFault();
            broken = true; // The next sample or tick begins anew from what is stored.
        }
    }

    private async ValueTask<bool> RunNextAsync()
    {
        if (urgent.TryDequeue(out var next) || queued.TryDequeue(out next))
            await RunAsync(next);
        else if (Volatile.Read(ref tickDue) == 1)
            await RunEffectsAsync(RunTick());
        else if (TryRouteWaiting(out var decision))
            await RunEffectsAsync(decision);
        else if (Volatile.Read(ref closing) == 1)
            return Close();
        else
            return false;
        return true;
    }

    private async ValueTask RunAsync(WorkItem asked)
    {
        try
        {
            var decision = asked.Decide(core, parts.Clock.Now());
            Rebind();
            var failed = await RunEffectsAsync(decision);
            asked.Done.TrySetResult(new RobotReply(decision.Refused ?? failed, core.Snapshot(parts.Clock.Now())));
            if (core.IsDriving)
                await RunEffectsAsync(RunTick()); // A command is sent at once, not at the next tick.
        }
        catch (Exception fault)
        {
            asked.Done.TrySetException(fault);
            throw;
        }
    }

    private Decision RunTick()
    {
        Volatile.Write(ref tickDue, 0);
        if (broken)
            return Decision.Nothing;
        commands.Received = parts.Clock.Now();
        var decision = core.Tick(commands.Received, commands);
        driving = core.IsDriving;
        commands.Tick(commands.Received, IsMasterLive && !core.IsStopped);
        return decision;
    }

    private bool TryRouteWaiting(out Decision decision)
    {
        Span<double> positions = stackalloc double[FrameCodec.MaxJoints];
        decision = Decision.Nothing;
        var routed = false;
        foreach (var slot in slots)
        {
            if (!slot.TryTake(positions, out var stamp, out var joints, out var received))
                continue;
            routed = true;
            commands.Received = received;
            decision = Route(slot, stamp, positions[..joints], parts.Clock.Now()); // Its time in the slot is part of its age.
            if (!ReferenceEquals(decision, Decision.Nothing))
                break;
        }

        return routed;
    }

    private Decision Route(SampleSlot slot, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        var decision = Decision.Nothing;
        FrameResult verdict;
        if (broken)
        {
            verdict = FrameResult.AwaitingEpoch;
        }
        else if (!slot.Bound)
        {
            verdict = FrameResult.NotBound;
        }
        else if (slot.Role == DeviceRole.Slave)
        {
            verdict = core.OnSlaveFrame(slot.Slave, stamp, positions, now, out decision);
        }
        else
        {
            verdict = core.OnMasterFrame(stamp, positions, now, commands, out decision);
        }

        parts.Telemetry.Count(slot.Role, verdict);
        return decision;
    }

    private Decision TakeDue()
    {
        var taken = due;
        due = Decision.Nothing;
        return taken;
    }

    private void Rebuild()
    {
        broken = false;
        IsMasterLive = false;
        core = core.Rebuild(durable, isFleetStopped, parts.Clock.Now());
        due = core.Start();
        Rebind();
    }

    private bool Close()
    {
        parts.Routes.Exchange(slots, []);
        foreach (var slot in slots)
            parts.Control.Forget(slot.Device);
        parts.Remotes?.Reconcile(Id, []);
        TellGone();
        closed = true;
        return false;
    }

    private void RefuseQueued()
    {
        while (urgent.TryDequeue(out var late) || queued.TryDequeue(out late))
            late.Done.TrySetResult(new RobotReply(new Refusal(RefusalReason.UnknownRobot, $"robot {Id} is gone"), null));
    }
}

using Armada.Core.Arena;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Silo.Arena;

/// <summary>The client's right to command: asked for with its first command, renewed while it lives, told when it ends.</summary>
internal sealed partial class ArenaSession
{
    private readonly Lock leasing = new();
    private uint? held;
    private bool isAttaching;
    private string? endedBy;
    private volatile string? played;
    private bool isLagging;
    private long heardAt;

    /// <summary>The epoch of the lease that the client holds, or null.</summary>
    private uint? Held
    {
        get
        {
            lock (leasing)
                return held;
        }
    }

    /// <summary>Who ended the client's lease on purpose, in words, or null.</summary>
    private string? Ended
    {
        get
        {
            lock (leasing)
                return endedBy;
        }
    }

    private async ValueTask<Refusal?> CommandAsync(JointCommand command)
    {
        if (await AttachAsync() is { } refused)
            return refused;
        if (Held is not { } epoch)
            return new Refusal(RefusalReason.NotMaster, $"{Name} has just lost {robot}");
        var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.RemoteCommand(Name, epoch, command), CancellationToken.None);
        if (reply.Refused is { Reason: RefusalReason.NotMaster } lost)
            await LoseAsync(epoch, lost.Text);
        return reply.Refused;
    }

    private async ValueTask<Refusal?> AttachAsync()
    {
        lock (leasing)
        {
            if (endedBy is not null)
                return new Refusal(RefusalReason.NotMaster, endedBy); // Or a client that always takes over would do so at once again.
            if (held is not null)
                return null;
            isAttaching = true;
        }

        var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.AttachRemote(Name, query.Takeover), CancellationToken.None);
        lock (leasing)
        {
            isAttaching = false;
            held = reply.Refused is null && endedBy is null ? reply.Robot!.Master?.Epoch : null;
        }

        if (reply.Refused is { } refused)
            return refused;
        outbox.DropCommand();
        Audit("remote", Name);
        return null;
    }

    private async ValueTask PlayAsync(ArenaSequence content)
    {
        var refused = await TryPlayAsync(content);
        if (refused is not null)
            voice.Refuse(refused);
        if (!isMasterDoor)
            voice.Acknowledge(refused is null, refused?.Text);
    }

    private async ValueTask<Refusal?> TryPlayAsync(ArenaSequence content)
    {
        if (!ArenaSequences.TryConvert(content, Name, out var sequence, out var problem))
            return new Refusal(RefusalReason.Invalid, problem);
        if (await parts.Engine.GetAsync(robot, CancellationToken.None) is not { } snapshot)
            return new Refusal(RefusalReason.UnknownRobot, $"robot {robot} is gone");
        var motion = new SequenceMotion(sequence);
        if (!motion.TryFit(snapshot.Document.Model, out _, out var misfit))
            return new Refusal(RefusalReason.Invalid, misfit); // Found out before the lease is given up for it.
        if (Ended is { } ended)
            return new Refusal(RefusalReason.NotMaster, ended);
        await YieldAsync();
        played = motion.Name;
        parts.Sequences.Keep(robot, sequence);
        var reply = await parts.Engine.ApplyAsync(
            robot, new RobotRequest.Play(motion, sequence.Loop, query.Takeover), CancellationToken.None);
        if (reply.Refused is null)
            Audit("sequence", motion.Name);
        return reply.Refused;
    }

    private void Audit(string kind, string master) =>
        parts.Audit.Record(caller, "master-bound", robot, query.Takeover ? $"{kind} {master}, takeover" : $"{kind} {master}");

    // The motion it plays takes its own place, so it gives that up first; no other's.
    private async ValueTask YieldAsync()
    {
        lock (leasing)
        {
            if (held is null)
                return;
            held = null;
        }

        await parts.Engine.ApplyAsync(robot, new RobotRequest.DetachRemote(Name), CancellationToken.None);
        await JoinAsync();
    }

    private async ValueTask LoseAsync(uint epoch, string why)
    {
        lock (leasing)
        {
            if (held != epoch || endedBy is not null)
                return; // Told already; and what was attached since is another lease.
            held = null;
        }

        voice.Error("lease_lost", why);
        await JoinAsync();
    }

    private async ValueTask JoinAsync()
    {
        isLagging = false;
        var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.JoinSlave(Name), CancellationToken.None);
        if (reply.Refused is { } refused)
            voice.Refuse(refused);
    }

    private async Task PaceAsync(CancellationToken cancellation)
    {
        Volatile.Write(ref heardAt, parts.Clock.Monotonic());
        using var timer = new PeriodicTimer(parts.Timing.Step, parts.Clock.Time);
        Timestamp? renewed = null;
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            var now = parts.Clock.Now();
            if (Held is not { } epoch)
            {
                await PaceSlaveAsync(now);
            }
            else if (IsHeard(now) && (renewed is not { } at || now.IsPast(at, parts.Timing.Renewal)))
            {
                renewed = now;
                var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.Heartbeat(Name, epoch), CancellationToken.None);
                if (reply.Refused is { } refused)
                    await LoseAsync(epoch, refused.Text);
            }
        }
    }

    private bool IsHeard(Timestamp now) => now.Monotonic - Volatile.Read(ref heardAt) < Microseconds.Of(parts.Timing.Silence);

    private async ValueTask PaceSlaveAsync(Timestamp now)
    {
        var lags = socket.SampleWaitingSince is { } since && now.IsPast(since, parts.Timing.Lagging);
        if (lags == isLagging)
            return;
        isLagging = lags;
        await parts.Engine.ApplyAsync(robot, new RobotRequest.SlavePace(Name, lags), CancellationToken.None);
    }
}

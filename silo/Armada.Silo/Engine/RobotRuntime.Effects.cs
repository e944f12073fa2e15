using Armada.Core.Robots;
using Armada.Silo.Access;

namespace Armada.Silo.Engine;

/// <summary>What the core decided, done in order.</summary>
internal sealed partial class RobotRuntime
{
    private RobotDocument durable;

    /// <summary>Whether a master's lease lives; may be read from any thread.</summary>
    public bool IsMasterLive { get; private set; }

    private async ValueTask<Refusal?> RunEffectsAsync(Decision decision)
    {
        foreach (var effect in decision.Effects)
        {
            if (effect is Effect.Persist persist)
            {
                if (await StoreAsync(persist.Document) is { } refused)
                    return refused;
            }
            else
            {
                Do(effect);
            }
        }

        return null;
    }

    private async ValueTask<Refusal?> StoreAsync(RobotDocument document)
    {
        if (await SaveAsync(document) is not { } failure)
        {
            durable = document;
            return null;
        }

        var back = core.OnPersistFailed(durable, parts.Clock.Now());
        Rebind();
        IsMasterLive = false; // A bound master attaches anew.
        foreach (var effect in back.Effects.Where(effect => effect is not Effect.Persist))
            Do(effect);
        var text = core.Document.Stopped && !durable.Stopped
            ? $"the stop of {Id} is in force, but a restart of the silo would forget it: {failure}"
            : $"nothing was changed: {failure}";
        return new Refusal(RefusalReason.NotStored, text);
    }

    private async ValueTask<string?> SaveAsync(RobotDocument document)
    {
        isStoring = true;
        Interlocked.MemoryBarrier(); // Whoever asks for a stop from now on sees it; who asked before is seen here.
        if (!urgent.IsEmpty)
            StopDevicesNow();
        try
        {
            return await storage.SaveAsync(document);
        }
        finally
        {
            isStoring = false;
        }
    }

    /// <summary>Who asked is recorded at the doors; here, what came of it, also of frames and silence.</summary>
    private void Audit(RobotEvent note)
    {
        var what = note.Kind switch
        {
            RobotEventKind.MasterLive => "master-live",
            RobotEventKind.MasterLost => "master-lost",
            RobotEventKind.MasterUnbound => "master-left",
            RobotEventKind.MasterReplaced => "master-replaced",
            RobotEventKind.MotionEnded => "motion-ended",
            _ => null,
        };
        if (what is not null)
            parts.Audit.Record(Caller.Silo, what, Id, note.By is null ? note.Subject : $"{note.Subject} by {note.By}");
    }

    private void Do(Effect effect)
    {
        switch (effect)
        {
            case Effect.StartStream start:
                parts.Control.StartStream(start.Device, start.Epoch);
                break;
            case Effect.StopStream stop:
                parts.Control.StopStream(stop.Device, stop.Epoch);
                break;
            case Effect.StopDevice stop:
                parts.Control.Stop(stop.Device);
                break;
            case Effect.ResetDevice reset:
                parts.Control.Reset(reset.Device);
                break;
            case RobotEvent note:
                IsMasterLive = note.Kind switch
                {
                    RobotEventKind.MasterLive => true,
                    RobotEventKind.MasterLost or RobotEventKind.MasterUnbound or RobotEventKind.MasterReplaced or RobotEventKind.MotionEnded => false,
                    _ => IsMasterLive,
                };
                Log(note);
                Tell(note);
                Audit(note);
                break;
            default:
                throw new InvalidOperationException($"no way to do {effect.GetType().Name}");
        }
    }
}

using Armada.Domain.Devices;
using Armada.Domain.Robots;
using Armada.Silo.Store;
using Armada.Wire.Topics;

namespace Armada.Silo.Engine;

/// <summary>What the core decided, done in order; and the routes that follow from its bindings.</summary>
internal sealed partial class RobotCell
{
    private readonly SlaveCommands commands;
    private RobotDocument durable;
    private SampleSlot[] slots = [];

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
        try
        {
            await parts.Store.SaveAsync(document, CancellationToken.None);
            durable = document;
            return null;
        }
        catch (NotStoredException failed)
        {
            var back = core.OnPersistFailed(durable, parts.Clock.Now());
            Rebind();
            IsMasterLive = false; // A bound master attaches anew.
            foreach (var effect in back.Effects.Where(effect => effect is not Effect.Persist))
                Do(effect);
            var text = core.Document.Stopped && !durable.Stopped
                ? $"the stop of {Id} is in force, but a restart of the silo would forget it: {failed.Message}"
                : $"{failed.Message}; nothing was changed, free the disk and ask again";
            return new Refusal(RefusalReason.NotStored, text);
        }
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
            case Effect.Note note:
                IsMasterLive = note.Event switch
                {
                    RobotEvent.MasterLive => true,
                    RobotEvent.MasterLost or RobotEvent.MasterUnbound => false,
                    _ => IsMasterLive,
                };
                Log(note);
                break;
            default:
                throw new InvalidOperationException($"no way to do {effect.GetType().Name}");
        }
    }

    private void Rebind()
    {
        var document = core.Document;
        var bindings = document.Slaves.Select(slave => (Device: slave.Name, Role: DeviceRole.Slave));
        if (document.Master is { } master)
            bindings = bindings.Prepend((master.Name, DeviceRole.Master));
        var wanted = bindings.ToArray();
        if (wanted.SequenceEqual(slots.Select(slot => (slot.Device, slot.Role))))
            return;

        var next = wanted.Select(SlotFor).ToArray();
        foreach (var gone in slots.Except(next))
            gone.Bound = false;
        foreach (var slot in next)
            slot.Slave = core.FindSlave(slot.Device);
        commands.Topics = [.. document.Slaves.Select(slave => parts.Topics.Of(slave.Name, Channel.Command))];
        parts.Routes.Exchange(slots, next);
        slots = next;
    }

    private SampleSlot SlotFor((string Device, DeviceRole Role) binding) =>
        Array.Find(slots, slot => slot.Device == binding.Device && slot.Role == binding.Role)
        ?? new SampleSlot(binding.Device, binding.Role, this);
}

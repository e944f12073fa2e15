using System.Collections.Immutable;
using Armada.Core.Devices;
using Armada.Core.Robots;

namespace Armada.Silo.Engine;

/// <summary>The routes that follow from the robot's bindings: from its devices to it, from it to its slaves.</summary>
internal sealed partial class RobotRuntime
{
    private readonly SlaveCommands commands;
    private volatile SampleSlot[] slots = [];
    private ImmutableArray<SlaveBinding> routed = [];
    private bool partiesChanged;

    private void Rebind()
    {
        var isMoved = partiesChanged || routed != core.Targets;
        (routed, partiesChanged) = (core.Targets, false);
        RouteDevices(isMoved);
        foreach (var slot in slots)
            slot.Model = core.Document.Model;
        if (!isMoved)
            return;
        commands.SlaveSinks = [.. routed.Select(slave => parts.SlaveSinks.Of(slave, core.Document.Model, parties.GetValueOrDefault(slave.Name)))];
        parts.Remotes?.Reconcile(Id, [.. routed.Where(slave => slave.Kind == SlaveKind.Remote)]);
    }

    private void RouteDevices(bool isMoved)
    {
        var bindings = routed.Where(slave => slave.IsDevice).Select(slave => (slave.Name, Role: DeviceRole.Slave));
        if (core.Document.Master is { Kind: MasterKind.Device } master)
            bindings = bindings.Prepend((master.Name, DeviceRole.Master));
        var wanted = bindings.ToArray();
        if (!wanted.SequenceEqual(slots.Select(slot => (slot.Device, slot.Role))))
        {
            var next = wanted.Select(SlotFor).ToArray();
            foreach (var gone in slots.Except(next))
                gone.Bound = false;
            parts.Routes.Exchange(slots, next);
            var added = next.Except(slots).ToArray();
            slots = next;
            foreach (var slot in added)
                TellWhatIsKnown(slot.Device);
        }
        else if (!isMoved)
        {
            return;
        }

        foreach (var slot in slots)
            slot.Slave = core.FindSlave(slot.Device);
    }

    private void TellWhatIsKnown(string device)
    {
        if (parts.Control.IsOnline(device) is { } online)
            TellPresence(device, online);
    }

    private SampleSlot SlotFor((string Device, DeviceRole Role) binding) =>
        Array.Find(slots, slot => slot.Device == binding.Device && slot.Role == binding.Role)
        ?? new SampleSlot(binding.Device, binding.Role, this, core.Document.Model);
}

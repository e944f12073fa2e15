namespace Armada.Silo.Engine;

/// <summary>From a device's name, as it stands in a topic, to its slot. Reading takes no lock and allocates nothing.</summary>
internal sealed class DeviceRoutes
{
    private readonly Lock changing = new();
    private volatile Dictionary<string, SampleSlot> current = new(DeviceNameComparer.Instance);

    /// <summary>Told, one exchange after another, of the slots that are routed no more and of those that are now.</summary>
    public event Action<IReadOnlyList<SampleSlot>, IReadOnlyList<SampleSlot>>? Exchanged;

    /// <summary>Finds the slot of a device by its UTF-8 name.</summary>
    public SampleSlot? Find(ReadOnlySpan<byte> device) =>
        current.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(device, out var slot) ? slot : null;

    /// <summary>Finds the slot of a device.</summary>
    public SampleSlot? Find(string device) => current.GetValueOrDefault(device);

    /// <summary>Exchanges a robot's slots in one step; a route that another robot took over meanwhile is left alone.</summary>
    public void Exchange(ReadOnlySpan<SampleSlot> old, ReadOnlySpan<SampleSlot> slots)
    {
        lock (changing)
        {
            var next = new Dictionary<string, SampleSlot>(current, DeviceNameComparer.Instance);
            List<SampleSlot> gone = [], come = [];
            foreach (var slot in old)
            {
                if (slots.Contains(slot) || next.GetValueOrDefault(slot.Device) != slot)
                    continue;
                next.Remove(slot.Device);
                gone.Add(slot);
            }

            foreach (var slot in slots)
            {
                var before = next.GetValueOrDefault(slot.Device);
                if (before == slot)
                    continue;
                if (before is not null)
                    gone.Add(before);
                come.Add(slot);
                next[slot.Device] = slot;
            }

            current = next;
            Exchanged?.Invoke(gone, come);
        }
    }
}

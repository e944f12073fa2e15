namespace Armada.Silo.Engine;

/// <summary>From a device's name, as it stands in a topic, to its slot. Reading takes no lock and allocates nothing.</summary>
internal sealed class DeviceRoutes
{
    private readonly Lock changing = new();
    private volatile Dictionary<string, SampleSlot> current = new(DeviceNameComparer.Instance);

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
            foreach (var slot in old)
            {
                if (next.GetValueOrDefault(slot.Device) == slot)
                    next.Remove(slot.Device);
            }

            foreach (var slot in slots)
                next[slot.Device] = slot;
            current = next;
        }
    }
}

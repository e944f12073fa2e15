using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Armada.Grains.Robots;

/// <summary>Finds the slot of a device by its name in a topic. Finding takes no lock and allocates nothing.</summary>
public sealed class DeviceRoutes
{
    private readonly Lock changing = new();
    private volatile Dictionary<string, SampleSlot> current = new(DeviceNameComparer.Instance);

    /// <summary>Called, one exchange after another, with the slots that were removed and those that were added.</summary>
    public event Action<IReadOnlyList<SampleSlot>, IReadOnlyList<SampleSlot>>? Exchanged;

    /// <summary>Finds the slot of a device by its UTF-8 name.</summary>
    public SampleSlot? Find(ReadOnlySpan<byte> device) =>
        current.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(device, out var slot) ? slot : null;

    /// <summary>Finds the slot of a device.</summary>
    public SampleSlot? Find(string device) => current.GetValueOrDefault(device);

    /// <summary>Exchanges a robot's slots in one step; a route that another robot took over in the meantime stays.</summary>
    public void Exchange(ReadOnlySpan<SampleSlot> old, ReadOnlySpan<SampleSlot> slots)
    {
        lock (changing)
        {
            var next = new Dictionary<string, SampleSlot>(current, DeviceNameComparer.Instance);
            List<SampleSlot> removed = [], added = [];
            foreach (var slot in old)
            {
                if (slots.Contains(slot) || next.GetValueOrDefault(slot.Device) != slot)
                    continue;
                next.Remove(slot.Device);
                removed.Add(slot);
            }

            foreach (var slot in slots)
            {
                var before = next.GetValueOrDefault(slot.Device);
                if (before == slot)
                    continue;
                if (before is not null)
                    removed.Add(before);
                added.Add(slot);
                next[slot.Device] = slot;
            }

            current = next;
            Exchanged?.Invoke(removed, added);
        }
    }
}

/// <summary>Compares device names, which are ASCII, as text and as the bytes of a topic.</summary>
internal sealed class DeviceNameComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    private const uint FnvOffset = 2166136261; // 32-bit FNV-1a
    private const uint FnvPrime = 16777619;

    public static DeviceNameComparer Instance { get; } = new();

    public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

    public int GetHashCode([DisallowNull] string obj)
    {
        var hash = FnvOffset;
        foreach (var letter in obj)
            hash = (hash ^ (byte)letter) * FnvPrime;
        return (int)hash;
    }

    public bool Equals(ReadOnlySpan<byte> alternate, string other) => Ascii.Equals(alternate, other);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = FnvOffset;
        foreach (var letter in alternate)
            hash = (hash ^ letter) * FnvPrime;
        return (int)hash;
    }

    public string Create(ReadOnlySpan<byte> alternate) => Encoding.ASCII.GetString(alternate);
}

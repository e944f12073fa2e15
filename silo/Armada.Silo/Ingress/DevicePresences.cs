using System.Collections.Concurrent;
using Armada.Core.Control;
using Armada.Core.Time;

namespace Armada.Silo.Ingress;

internal sealed record DevicePresence(Presence Presence, Timestamp At);

/// <summary>The last presence of every device that ever spoke.</summary>
internal sealed class DevicePresences
{
    /// <summary>State of a device whose own stop is latched.</summary>
    public const string Stopped = "stopped";

    /// <summary>Most devices kept; far more than a broker's clients, so that only nonsense is turned away.</summary>
    public const int Most = 10_000;

    private readonly ConcurrentDictionary<string, DevicePresence> byDevice = new(StringComparer.Ordinal);

    public DevicePresence? Of(string device) => byDevice.GetValueOrDefault(device);

    public void Remove(string device) => byDevice.TryRemove(device, out _);

    /// <summary>Keeps a presence; false where there are too many devices.</summary>
    public bool Put(string device, DevicePresence presence)
    {
        if (!byDevice.ContainsKey(device) && byDevice.Count >= Most)
            return false;
        byDevice[device] = presence;
        return true;
    }
}

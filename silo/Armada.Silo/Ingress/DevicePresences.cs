using System.Collections.Concurrent;

namespace Armada.Silo.Ingress;

/// <summary>What every device said of itself last, as far as this silo has heard it.</summary>
internal sealed class DevicePresences
{
    /// <summary>Most devices kept; far more than a broker's clients, so that only nonsense is turned away.</summary>
    public const int Most = 10_000;

    private readonly ConcurrentDictionary<string, DeviceReport> byDevice = new(StringComparer.Ordinal);

    public IReadOnlyCollection<KeyValuePair<string, DeviceReport>> All => byDevice;

    public DeviceReport? Of(string device) => byDevice.GetValueOrDefault(device);

    public void Remove(string device) => byDevice.TryRemove(device, out _);

    /// <summary>Keeps a report; false where there are too many devices.</summary>
    public bool Put(string device, DeviceReport report)
    {
        if (!byDevice.ContainsKey(device) && byDevice.Count >= Most)
            return false;
        byDevice[device] = report;
        return true;
    }
}

using System.Collections.Immutable;
using Armada.Devices.Arms;

namespace Armada.EdgeAgent.Devices;

/// <summary>What a device does.</summary>
internal enum DeviceState : byte
{
    /// <summary>Its port is not open or its arm not started yet.</summary>
    Connecting,

    /// <summary>A leader that nobody asked to stream; keep-alives only.</summary>
    Idle,

    /// <summary>A leader that streams.</summary>
    Streaming,

    /// <summary>A follower that keeps its pose, for want of fresh commands.</summary>
    Holding,

    /// <summary>A follower that moves slowly to the master's pose.</summary>
    Approaching,

    /// <summary>A follower that follows.</summary>
    Tracking,

    /// <summary>A stop is latched.</summary>
    Stopped,

    /// <summary>A follower whose torque was switched off by a control message.</summary>
    Limp,

    /// <summary>Its arm cannot be run; the faults say why.</summary>
    Faulted,
}

/// <summary>State, faults and health of a device: written by its bus thread, read by presence and status.</summary>
internal sealed class DeviceStatus
{
    private readonly Lock gate = new();
    private ImmutableSortedDictionary<string, string> faults = ImmutableSortedDictionary<string, string>.Empty;
    private double voltage = double.NaN;
    private double[]? temperatures;
    private volatile DeviceState state;

    /// <summary>Raised when state or faults change, not with every reading of health; must not block.</summary>
    public event Action? Changed;

    /// <summary>What the device does.</summary>
    public DeviceState State => state;

    /// <summary>Each fault in words.</summary>
    public IReadOnlyList<string> Faults => [.. Volatile.Read(ref faults).Values];

    /// <summary>Whether there is a fault.</summary>
    public bool HasFault => !Volatile.Read(ref faults).IsEmpty;

    /// <summary>Lowest supply voltage, volts; null before it was read.</summary>
    public double? Voltage => Volatile.Read(ref voltage) is var volts && double.IsFinite(volts) ? volts : null;

    /// <summary>Per joint, °C; null before they were read.</summary>
    public IReadOnlyList<double>? Temperatures => Volatile.Read(ref temperatures);

    /// <summary>Says what the device does.</summary>
    public void Enter(DeviceState next)
    {
        if (state == next)
            return;
        state = next;
        Changed?.Invoke();
    }

    /// <summary>Sets the fault of one cause, or clears it with null.</summary>
    /// <param name="cause">Such as port, or a joint's name.</param>
    /// <param name="text">In words that name the thing.</param>
    public void Fault(string cause, string? text)
    {
        lock (gate)
        {
            var next = text is null ? faults.Remove(cause) : faults.SetItem(cause, text);
            if (ReferenceEquals(next, faults))
                return;
            Volatile.Write(ref faults, next);
        }

        Changed?.Invoke();
    }

    /// <summary>Notes a reading of health.</summary>
    /// <param name="lowestVolts">Lowest supply voltage of the servos that answered.</param>
    /// <param name="health">Each servo's; one that did not answer keeps its temperature.</param>
    public void Measure(double lowestVolts, ReadOnlySpan<ServoTelemetry> health)
    {
        Volatile.Write(ref voltage, lowestVolts);
        var known = temperatures;
        for (var joint = 0; joint < health.Length; joint++)
        {
            if (!health[joint].IsKnown || known?[joint] == health[joint].Celsius)
                continue;
            // Readers may hold the old one, so a change makes a new one; temperatures change seldom.
            if (known is null || ReferenceEquals(known, temperatures))
                known = known is null ? new double[health.Length] : [.. known];
            known[joint] = health[joint].Celsius;
        }

        Volatile.Write(ref temperatures, known);
    }
}

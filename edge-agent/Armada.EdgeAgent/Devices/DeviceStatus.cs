using System.Collections.Immutable;
using Armada.Devices.Arms;

namespace Armada.EdgeAgent.Devices;

internal enum DeviceState : byte
{
    Connecting, // Its arm is not started yet.
    Missing, // Its port is not there, or another program has it; it is waited for.
    Idle, // A leader that nobody asked to stream; keep-alives only.
    Streaming, // A leader that streams its pose.
    Holding, // A follower that keeps its pose, for want of fresh commands.
    Approaching, // A follower that moves slowly to the master's pose.
    Tracking, // A follower that tracks its master.
    Stopped, // A stop is latched.
    TorqueOff, // A follower whose torque was switched off by a control message.
    Parking, // A follower that moves to its rest pose before its agent ends.
    Faulted, // Its arm cannot be run; the faults say why.
}

internal static class DeviceStateNames
{
    private static readonly string[] Names = [.. Enum.GetNames<DeviceState>().Select(DeviceCounters.Kebab)];

    public static string Name(this DeviceState state) => Names[(int)state];
}

/// <summary>State, faults and health of a device: written by its bus thread, read by presence and status.</summary>
internal sealed class DeviceStatus
{
    private readonly Lock owner = new();
    private ImmutableSortedDictionary<string, string> faults = ImmutableSortedDictionary<string, string>.Empty;
    private double voltage = double.NaN;
    private double[]? temperatures;
    private double[]? loads;
    private volatile DeviceState state;

    /// <summary>Raised when state or faults change, not with every reading of health; must not block.</summary>
    public event Action? Changed;

    public DeviceState State => state;
    public IReadOnlyList<string> Faults => [.. Volatile.Read(ref faults).Values];
    public bool HasFault => !Volatile.Read(ref faults).IsEmpty;

    /// <summary>Lowest supply voltage, volts; null before it was read.</summary>
    public double? Voltage => Volatile.Read(ref voltage) is var volts && double.IsFinite(volts) ? volts : null;

    /// <summary>Per joint, °C; null before they were read.</summary>
    public IReadOnlyList<double>? Temperatures => Volatile.Read(ref temperatures);

    /// <summary>Per joint, percent of full torque; null before they were read.</summary>
    public IReadOnlyList<double>? Loads => Volatile.Read(ref loads);

    public void SetState(DeviceState next)
    {
        if (state == next)
            return;
        state = next;
        Changed?.Invoke();
    }

    /// <summary>Sets the fault of one cause, or clears it with null.</summary>
    /// <param name="cause">Such as port, or a joint's name.</param>
    public void SetFault(string cause, string? text)
    {
        lock (owner)
        {
            var next = text is null ? faults.Remove(cause) : faults.SetItem(cause, text);
            if (ReferenceEquals(next, faults))
                return;
            Volatile.Write(ref faults, next);
        }

        Changed?.Invoke();
    }

    /// <param name="health">Each servo's; one that did not answer keeps its temperature.</param>
    public void Measure(double lowestVolts, ReadOnlySpan<ServoTelemetry> health)
    {
        Volatile.Write(ref voltage, lowestVolts);
        var known = temperatures;
        var current = loads ?? new double[health.Length];
        for (var joint = 0; joint < health.Length; joint++)
        {
            if (health[joint].IsKnown)
                Volatile.Write(ref current[joint], Math.Abs(health[joint].LoadPercent));
            if (!health[joint].IsKnown || known?[joint] == health[joint].Celsius)
                continue;
            // Readers may hold the old one, so a change makes a new one; temperatures change seldom.
            if (known is null || ReferenceEquals(known, temperatures))
                known = known is null ? new double[health.Length] : [.. known];
            known[joint] = health[joint].Celsius;
        }

        Volatile.Write(ref temperatures, known);
        Volatile.Write(ref loads, current);
    }
}

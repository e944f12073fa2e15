using System.Collections.Immutable;
using System.Globalization;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Devices;

/// <summary>What the supply of an arm may be, under load and without, volts.</summary>
internal sealed record SupplyWindow(string Name, double Nominal, double Min, double Max)
{
    private const double Tolerance = 0.5; // Over a servo's own limit.

    public static SupplyWindow? Of(DeviceSettings settings) => settings.Supply switch
    {
        Supply.Volts5 => new SupplyWindow("5v", 5, 4.5, 5.6),
        Supply.Volts7 => new SupplyWindow("7.4v", 7.4, 6, 8.6),
        Supply.Volts12 => new SupplyWindow("12v", 12, 10.5, 13),
        _ => null,
    };

    /// <summary>Why an arm may not have torque on the supply that it has; or null. What decides is read twice.</summary>
    public static string? FindProblem(DeviceSettings settings, FeetechBus bus, ImmutableArray<ServoEeprom?> survey, CancellationToken cancellation)
    {
        var window = Of(settings);
        foreach (var (joint, eeprom) in ArmJoint.All.Zip(survey))
        {
            if (eeprom is null)
                continue;
            var limit = eeprom[Sts3215.MaxVoltageLimit] / 10.0;
            if (window is not null && window.Nominal > limit)
                return Text($"{joint}: its servo takes {limit} V at most, and '{settings.Name}' is set up for {window.Name}: correct supply, or the servo is another one");
            var most = window?.Max ?? (limit + Tolerance);
            var volts = Math.Min(Volts(bus, joint, cancellation), Volts(bus, joint, cancellation));
            if (volts > most)
            {
                return Text($"{joint}: {volts} V is too much: ")
                    + (window is null ? Text($"its servo takes {limit} V at most") : $"'{settings.Name}' is set up for {window.Name}") + "; plug in the right supply";
            }
        }

        return null;
    }

    /// <summary>What is wrong with the voltages of a running arm; or null.</summary>
    public string? FindProblem(double lowest, double highest) =>
        highest > Max ? Text($"the supply is over {Max} V, and the arm is set up for {Name}: plug in the right one")
        : lowest < Min ? Text($"the supply is under {Min} V, and the arm is set up for {Name}: plug in the right one, a stronger one or a shorter cable")
        : null;

    private static double Volts(FeetechBus bus, ArmJoint joint, CancellationToken cancellation) =>
        bus.Read(joint.Id, Sts3215.PresentVoltage, cancellation).Value / 10.0;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

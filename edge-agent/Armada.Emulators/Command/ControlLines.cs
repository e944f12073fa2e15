using System.Globalization;
using Armada.Emulators.Bus;

namespace Armada.Emulators.Command;

/// <summary>Commands to a running emulator, one a line, each with one line of answer: <c>ok …</c> or <c>error …</c>.</summary>
internal sealed class ControlLines
{
    private readonly EmulatedBus bus;
    private readonly Dictionary<string, Order> orders;

    public ControlLines(EmulatedBus bus)
    {
        this.bus = bus;
        var faults = bus.Faults;
        Order[] orders =
        [
            new("silence", "ID", a => faults.Silence(Servo(a[0]))),
            new("speak", "ID", a => faults.Silence(Servo(a[0]), false)),
            new("late", "ID MILLISECONDS", a => faults.Late(Servo(a[0]), TimeSpan.FromMilliseconds(Number(a[1], 0, 60_000)))),
            new("corrupt", "ANSWERS", a => faults.CorruptNext((int)Number(a[0], 0, int.MaxValue))),
            new("corrupt-rate", "PART", a => faults.CorruptRate(Number(a[0], 0, 1))),
            new("partial", "ANSWERS", a => faults.PartialNext((int)Number(a[0], 0, int.MaxValue))),
            new("overload", "ID", a => bus.Arm.TripOverload(Servo(a[0]))),
            new("supply", "VOLTS", a => bus.Arm.Supply = Number(a[0], 0, 30)),
            new("dip", "", _ => bus.Arm.PowerDip()),
            new("unplug", "", _ => bus.Unplug()),
            new("replug", "", _ => bus.Replug()),
        ];
        this.orders = orders.ToDictionary(o => o.Name, StringComparer.Ordinal);
    }

    /// <summary>Does what a line asks.</summary>
    /// <returns>The answer, without an end of line.</returns>
    public string Obey(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        switch (words)
        {
            case []:
                return "error empty line; try help";
            case ["help"]:
                return $"ok {string.Join("; ", orders.Values.Select(o => o.ToString()).Append("pose").Append("help"))}";
            case ["pose"]:
                return $"ok {Pose()}";
            case [var name, .. var arguments] when orders.TryGetValue(name, out var order):
                if (arguments.Length != order.Arguments)
                    return $"error usage: {order}";
                return Try(order, arguments);
            default:
                return $"error no command '{words[0]}'; try help";
        }
    }

    private static string Try(Order order, string[] arguments)
    {
        try
        {
            order.Do(arguments);
            return "ok";
        }
        catch (FormatException refusal)
        {
            return $"error {refusal.Message}";
        }
    }

    private string Pose()
    {
        Span<double> pose = stackalloc double[bus.Arm.Joints.Count];
        bus.Arm.Pose(pose);
        var words = new string[pose.Length];
        for (var i = 0; i < words.Length; i++)
            words[i] = string.Create(CultureInfo.InvariantCulture, $"{bus.Arm.Joints[i].Name}={pose[i]:F2}");
        return string.Join(' ', words);
    }

    private byte Servo(string word)
    {
        foreach (var joint in bus.Arm.Joints)
        {
            if (joint.Id.ToString(CultureInfo.InvariantCulture) == word)
                return joint.Id;
        }

        throw new FormatException($"there is no servo {word}");
    }

    private static double Number(string word, double least, double most) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{word}' is no number from {least} to {most}"));

    private sealed record Order(string Name, string Usage, Action<string[]> Do)
    {
        public int Arguments => Usage.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

        public override string ToString() => $"{Name} {Usage}".TrimEnd();
    }
}

namespace Armada.Core.Devices;

public enum DeviceKind : byte
{
    So101Leader,
    So101Follower,
    AeroHandLeft,
    AeroHandRight,
    MicroPythonArm,
    Agent,
}

public static class DeviceKinds
{
    private static readonly (string Name, DeviceKind Kind)[] Names =
    [
        ("so101-leader", DeviceKind.So101Leader),
        ("so101-follower", DeviceKind.So101Follower),
        ("aero-hand-left", DeviceKind.AeroHandLeft),
        ("aero-hand-right", DeviceKind.AeroHandRight),
        ("micropython-arm", DeviceKind.MicroPythonArm),
        ("agent", DeviceKind.Agent),
    ];

    /// <summary>Every word, for people.</summary>
    public static string All { get; } = string.Join(", ", Names.Select(pair => pair.Name));

    /// <exception cref="ArgumentOutOfRangeException">There is no such kind.</exception>
    public static string NameOf(DeviceKind kind)
    {
        var index = Array.FindIndex(Names, pair => pair.Kind == kind);
        return index >= 0 ? Names[index].Name : throw new ArgumentOutOfRangeException(nameof(kind), kind, "no kind of device");
    }

    /// <exception cref="ArgumentException">It means none.</exception>
    public static DeviceKind Parse(string name) =>
        TryParse(name, out var kind) ? kind : throw new ArgumentException($"'{name}' is no kind of device", nameof(name));

    public static bool TryParse(string name, out DeviceKind kind)
    {
        var index = Array.FindIndex(Names, pair => pair.Name == name);
        kind = index < 0 ? default : Names[index].Kind;
        return index >= 0;
    }
}

/// <summary>What a MicroPython board's arm does; the two listen to different topics.</summary>
public enum BoardRole : byte
{
    Leader,
    Follower,
}

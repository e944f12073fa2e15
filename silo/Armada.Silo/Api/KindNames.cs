using Armada.Core.Robots;

namespace Armada.Silo.Api;

/// <summary>The API's words for the kinds of masters and slaves.</summary>
internal static class KindNames
{
    private static readonly (string Name, MasterKind Kind)[] MasterNames =
        [("device", MasterKind.Device), ("remote", MasterKind.Remote), ("sequence", MasterKind.Sequence)];

    private static readonly (string Name, SlaveKind Kind)[] SlaveNames =
    [
        ("device", SlaveKind.Device), ("micropython", SlaveKind.MicroPython), ("websocket", SlaveKind.WebSocket), ("remote", SlaveKind.Remote),
    ];

    /// <summary>Every master's word, for people.</summary>
    public static string Masters { get; } = string.Join(", ", MasterNames.Select(pair => pair.Name));

    /// <summary>Every slave's word, for people.</summary>
    public static string Slaves { get; } = string.Join(", ", SlaveNames.Select(pair => pair.Name));

    /// <summary>A master's word.</summary>
    public static string Of(MasterKind kind) => MasterNames.First(pair => pair.Kind == kind).Name;

    /// <summary>A slave's word.</summary>
    public static string Of(SlaveKind kind) => SlaveNames.First(pair => pair.Kind == kind).Name;

    /// <summary>The master that a word means.</summary>
    public static bool TryGetMaster(string name, out MasterKind kind)
    {
        var index = Array.FindIndex(MasterNames, pair => pair.Name == name);
        kind = index < 0 ? default : MasterNames[index].Kind;
        return index >= 0;
    }

    /// <summary>The slave that a word means.</summary>
    public static bool TryGetSlave(string name, out SlaveKind kind)
    {
        var index = Array.FindIndex(SlaveNames, pair => pair.Name == name);
        kind = index < 0 ? default : SlaveNames[index].Kind;
        return index >= 0;
    }
}

namespace Armada.Tests.Architecture;

/// <summary>What does not follow the rules yet. Only ever remove from these lists; new code gets no entry.</summary>
internal static class Outstanding
{
    /// <summary>Names still to be replaced.</summary>
    public static readonly HashSet<string> Metaphors = new(StringComparer.Ordinal)
    {
        "Beat", "Door", "DoorFeed", "DoorReply", "Labels", "Patience", "Telling", "Tellings", "Told",
    };

    /// <summary>Names that two types still share.</summary>
    public static readonly HashSet<string> SharedNames = new(StringComparer.Ordinal)
    {
        "Composition", "ControlSocket", "DeviceRole", "DeviceState", "DurableFile", "EnrollmentAnswer", "EnrollmentJson",
        "KeyRequest", "Libc", "Motion", "MqttLink", "Reading",
    };

    /// <summary>Types that still stand in several files.</summary>
    public static readonly HashSet<string> Partial = new(StringComparer.Ordinal)
    {
        "AgentService", "ArmSetup", "ControlChannel", "ControlHandler", "ControlSocketServer", "DeviceIngress", "DeviceLink",
        "DeviceSession", "DocumentStore", "Door", "EmulatedServo", "FleetGrain", "FollowerLoop", "FrameIngress",
        "InProcessEngine", "JsonSocket", "KeyRing", "LocalPair", "Renewal", "RobotCore", "RobotGrain", "RobotRuntime",
        "SiloTelemetry", "TickLoop",
    };

    /// <summary>Ids that two log events still share.</summary>
    public static readonly HashSet<string> LogEvents = new(StringComparer.Ordinal)
    {
        "1100", "1101", "1112", "1113", "1114", "1115", "1120", "1200", "1201", "1202", "1300", "1301",
    };
}

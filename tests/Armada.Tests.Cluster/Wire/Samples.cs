using Armada.Core.Access;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Grains.Identities;
using Armada.Grains.State;

namespace Armada.Tests.Cluster.Wire;

/// <summary>Values such as a fleet has, with every kind of part in them.</summary>
internal static class Samples
{
    private static readonly DateTimeOffset Then = new(2026, 12, 1, 8, 30, 0, TimeSpan.Zero);

    public static RobotDocument Document { get; } = new(
        "robot-1",
        new RobotModel("two", [
            new Joint("shoulder_pan", JointUnit.Degree, -110, 110, 360, 0, JointMotion.Continuous, 1),
            new Joint("gripper", JointUnit.Percent, 0, 100, 200, 12.5)]),
        new MasterBinding("leader-1"),
        [
            new SlaveBinding("follower-1", SlaveKind.Device, null, [new JointMapping("gripper", -2.5, "jaw")]),
            new SlaveBinding("far", SlaveKind.Remote, "wss://far.example/ws/slave/r")],
        60_000_000,
        Stopped: true,
        Version: 7,
        new RoomName("lab", "bench", 4));

    public static RobotState State { get; } = new() { Document = Document };

    public static DeviceState Device { get; } = new() { Claim = new DeviceAssignment("robot-1", DeviceRole.Slave) };

    public static FleetState Fleet { get; } = new()
    {
        Robots = new FleetState().Robots.Add("robot-2").Add("robot-1"),
        Stopped = true,
        Version = 3,
    };

    public static KeyRingState Keys { get; } = new() { Version = 3, Keys = [new KeyDocument("00ff00ff00ff", "{}")], Forgotten = ["11ff11ff11ff"] };

    public static IdentityState Identities { get; } = new()
    {
        Devices =
        [
            new RegisteredDevice("board-1", DeviceKind.MicroPythonArm, BoardRole.Follower, "lab", Then, [
                new RegisteredCertificate("aa", "4a00", "ff", Then, Then.AddYears(5), "ee", IsCollected: true, "-----BEGIN CERTIFICATE-----\n")]),
        ],
        Revoked = [new RevokedCertificate("aa", "4a01", 4, Then, Then.AddYears(1))],
    };

    public static AuthoritiesState Authorities { get; } = new() { All = [new KnownAuthority("aa", "old", "pem", IsRetired: true), new KnownAuthority("bb", "new", "pem")] };

    public static BundleState Bundle { get; } = new() { Bundle = new WaitingBundle("ff", "arm-1.zip", Then, [1, 2], [3, 4, 5]) };

    public static EnrollmentState Enrollment { get; } = new()
    {
        Tokens = [new EnrollmentToken("00ff00ff00ff", [1, 2, 3], DeviceKind.So101Leader, null, "lab", "leader-1", Then, Then.AddMinutes(15), new TokenUse("leader-1", "dd", Done: true))],
    };

    public static LastSeenState LastSeen { get; } = new() { Devices = [new SeenDevice("leader-1", Then, Online: true, "ff")] };

    public static RobotRequest Stop { get; } = new RobotRequest.Stop();

    public static RobotRequest.RemoteCommand RemoteCommand { get; } = new RobotRequest.RemoteCommand(
        "program",
        60_000_001,
        new JointCommand([new JointGoal("gripper", 50, 20), new JointGoal("shoulder_pan", -1.5)], TimeSpan.FromMilliseconds(40)),
        "key");

    public static Sequence Wave { get; } = new(
        "wave",
        "Wave",
        [new SequenceCommand(TimeSpan.FromSeconds(1), [new JointGoal("gripper", 50)], Metadata: "{}")],
        Loop: true,
        TimeSpan.FromSeconds(2));

    public static SequenceState Sequence { get; } = new() { Sequence = Wave, Version = 5 };

    public static SequenceIndexState SequenceIndex { get; } = new() { Ids = ["nod", "wave"] };

    public static RobotRequest Play { get; } = new RobotRequest.Play(new SequenceMotion(Wave), Loop: true, Takeover: false);

    public static RobotReply Reply { get; } = new(
        new Refusal(RefusalReason.PanelLocked, "leader-1 is master"),
        new RobotSnapshot(
            1_800_000_000_000_000,
            Document,
            FleetStopped: false,
            new MasterSnapshot(
                "leader-1", MasterKind.Device, MasterState.Live, 60_000_000, TimeSpan.FromMilliseconds(10), 100, false, new FrameCounts([1, 2, 3], 4), null),
            [Slave(Document.Slaves[0])],
            [Slave(new SlaveBinding("guest", SlaveKind.WebSocket))],
            [new JointState(1.5, 2, 1.25, 3, null, null, 0), default],
            Manual: true));

    private static SlaveSnapshot Slave(SlaveBinding binding) => new(
        binding, SlaveState.Lagging, "late", true, null, 0, true, 9, 1_800_000_000_000_000, null, [new JointPose(1, null), default], new FrameCounts([], 0));
}

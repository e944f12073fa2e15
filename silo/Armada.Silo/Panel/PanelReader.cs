using Armada.Core.Robots;
using Armada.Silo.Engine;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Panel;

/// <summary>From a robot's snapshot to what changes of it while it works.</summary>
internal sealed class PanelReader(DeviceRoutes routes)
{
    private const int Decimals = 2; // Hundredths, the resolution of a frame.

    /// <summary>A robot's state.</summary>
    /// <param name="robot">The robot.</param>
    /// <param name="lag">Lag by slave; filled where a slave has none yet.</param>
    public PanelState Read(RobotSnapshot robot, Dictionary<string, LagPercentiles?> lag)
    {
        var joints = new PanelJoint[robot.Joints.Length];
        for (var index = 0; index < joints.Length; index++)
            joints[index] = Joint(robot.Document.Model.Joints[index].Name, robot.Joints[index]);
        var slaves = new List<PanelSlave>(robot.Slaves.Length + robot.Guests.Length);
        foreach (var slave in robot.Slaves)
            slaves.Add(Slave(slave, guest: false, lag));
        foreach (var slave in robot.Guests)
            slaves.Add(Slave(slave, guest: true, lag));
        return new PanelState(robot.Document.Stopped, robot.FleetStopped, robot.Manual, Master(robot.Master), slaves, joints);
    }

    private static PanelMaster? Master(MasterSnapshot? master) =>
        master is null ? null : new PanelMaster(master.Name, TypeOf(master.Kind), master.State, Playing(master.Playing));

    private static PanelPlaying? Playing(PlaySnapshot? play) =>
        play is null ? null : new PanelPlaying(play.Position.TotalMilliseconds, play.Duration.TotalMilliseconds, play.Loop, play.Paused);

    private PanelSlave Slave(SlaveSnapshot slave, bool guest, Dictionary<string, LagPercentiles?> lag)
    {
        var name = slave.Binding.Name;
        if (slave.Binding.IsDevice && !lag.ContainsKey(name))
            lag[name] = routes.Find(name)?.Lag.Read();
        return new PanelSlave(
            name, TypeOf(slave.Binding.Kind), slave.State, slave.Reason, slave.Approaching, guest, lag.GetValueOrDefault(name));
    }

    private static PanelJoint Joint(string name, in JointState joint) =>
        new(name, Round(joint.Commanded), Round(joint.Virtual), Round(joint.Real));

    private static double? Round(double? position) => position is { } value ? Math.Round(value, Decimals) : null;

    private static string TypeOf(MasterKind kind) => kind switch
    {
        MasterKind.Device => "device",
        MasterKind.Remote => "remote",
        MasterKind.Sequence => "sequence",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no name for it"),
    };

    private static string TypeOf(SlaveKind kind) => kind switch
    {
        SlaveKind.Device => "device",
        SlaveKind.MicroPython => "micropython",
        SlaveKind.WebSocket => "websocket",
        SlaveKind.Remote => "remote",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no name for it"),
    };
}

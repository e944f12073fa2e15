using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

/// <summary>One command as a slave got it.</summary>
internal sealed record SentCommand(string Device, SampleStamp Stamp, double[] Positions, Timestamp At);

/// <summary>
/// A robot core with a host around it, a disk, a clock, and devices that do what their control messages tell them: stamp the epoch
/// last told, count frames from 1.
/// </summary>
internal sealed class Rig : ICommandSink
{
    public const string Leader = "leader-1";
    public const string Follower = "follower-1";

    private readonly Dictionary<string, (uint Epoch, uint Sequence)> devices = [];
    private readonly Dictionary<string, double[]> arms = [];

    public Rig(RobotModel? model = null)
    {
        Durable = new RobotDocument("robot-1", model ?? RobotModels.So101, null, [], 0, false, 1);
        Core = new RobotCore(Durable, false, Timing);
        Run(Core.Start());
    }

    public static RobotTiming Timing => RobotTiming.Default;

    public RobotCore Core { get; private set; }

    public RobotDocument Durable { get; private set; }

    public Timestamp Now { get; set; } = new(5_000_000, 1_800_000_000_000_000);

    /// <summary>Every effect so far.</summary>
    public List<Effect> Effects { get; } = [];

    public List<SentCommand> Commands { get; } = [];

    public bool DiskFails { get; set; }

    /// <summary>The devices that say that they approach.</summary>
    public HashSet<string> Approaching { get; } = [];

    public bool FleetStopped { get; private set; }

    public MasterState? MasterState => Core.Snapshot(Now).Master?.State;

    public int Joints => Core.Document.Model.Joints.Length;

    /// <summary>Called before each effect is done.</summary>
    public Action<Effect>? Watch { get; set; }

    /// <summary>Called with each command and the index of its slave, inside the turn.</summary>
    public Action<int, SentCommand>? WatchCommand { get; set; }

    /// <summary>A rig whose leader is live and whose follower stands at <paramref name="real"/>.</summary>
    public static Rig Routing(double real = 0)
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        Assert.Equal(FrameResult.Accepted, rig.Slave(Follower, real));
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, real));
        return rig;
    }

    public RobotSnapshot Snapshot => Core.Snapshot(Now);

    public uint Epoch => Core.Document.Epoch;

    public SlaveSnapshot SlaveOf(string name) => Snapshot.Slaves.Concat(Snapshot.UnboundSlaves).Single(slave => slave.Binding.Name == name);

    /// <summary>A command for some joints, by name.</summary>
    public static JointCommand Go(params (string Joint, double Value)[] goals) => new([.. goals.Select(goal => new JointGoal(goal.Joint, goal.Value))]);

    /// <summary>The newest command of a slave.</summary>
    public SentCommand LastOf(string slave) => Commands.Last(command => command.Device == slave);

    /// <summary>Lets a program take the lease; gives its epoch.</summary>
    public uint Attach(string name, bool takeover = false)
    {
        Accept(new RobotRequest.AttachRemote(name, takeover));
        return Core.Document.Epoch;
    }

    /// <summary>Ticks and frames, a hundredth of a second apart: every arm is where it was last commanded, every program is alive.</summary>
    public void Drive(double seconds)
    {
        for (var end = Now.Plus(TimeSpan.FromSeconds(seconds)); Now.Monotonic < end.Monotonic;)
        {
            Advance(0.01);
            foreach (var name in Core.Targets.Where(slave => slave.Kind == SlaveKind.Device).Select(slave => slave.Name))
            {
                if (arms.TryGetValue(name, out var pose))
                    Slave(name, Next(name), pose);
            }

            if (Snapshot.Master is { Kind: MasterKind.Remote } program)
                Accept(new RobotRequest.RenewLease(program.Name, program.Epoch));
            Tick();
        }
    }

    public void Advance(double seconds) => Now = Now.Plus(TimeSpan.FromSeconds(seconds));

    public Decision Apply(RobotRequest request)
    {
        if (request is RobotRequest.FleetStop fleet)
            FleetStopped = fleet.Stopped;
        return Run(Core.Apply(request, Now));
    }

    public void Accept(RobotRequest request) => Assert.Null(Apply(request).Refused);

    public Decision Tick() => Run(Core.Tick(Now, this));

    public Decision Presence(string device, bool online, params string[] joints) =>
        Run(Core.OnPresence(device, online, joints is [] ? default : [.. joints], Now));

    /// <summary>The last will of a device with a second path.</summary>
    public Decision LoseFirstPath(string device) => Run(Core.OnPresence(device, online: false, default, Now, hasSecondPath: true));

    /// <summary>The next frame of a leader, every joint at one position.</summary>
    public FrameResult Master(string device, double position) => Master(Next(device), Pose(position));

    public FrameResult Master(SampleStamp stamp, params double[] positions)
    {
        var verdict = Core.OnMasterFrame(stamp, positions, Now, this, out var decision);
        Run(decision);
        return verdict;
    }

    /// <summary>The next frame of a follower, every joint at one position.</summary>
    public FrameResult Slave(string device, double position) => Slave(device, Next(device), Pose(position));

    public FrameResult Slave(string device, SampleStamp stamp, params double[] positions)
    {
        arms[device] = positions;
        var verdict = Core.OnSlaveFrame(Core.FindSlave(device), stamp, positions, Now, out var decision);
        Run(decision);
        return verdict;
    }

    /// <summary>Frames of both, a hundredth of a second apart.</summary>
    public void Stream(double seconds, double leader, double follower)
    {
        for (var end = Now.Plus(TimeSpan.FromSeconds(seconds)); Now.Monotonic < end.Monotonic;)
        {
            Advance(0.01);
            Slave(Follower, follower);
            Master(Leader, leader);
        }
    }

    /// <summary>The stamp a device's next frame has.</summary>
    public SampleStamp Next(string device)
    {
        var (epoch, sequence) = devices.GetValueOrDefault(device);
        devices[device] = (epoch, sequence + 1);
        return new SampleStamp(epoch, sequence + 1, Now.Unix, Approach: Approaching.Contains(device));
    }

    /// <summary>A device that restarts knows no epoch and counts from 1.</summary>
    public void RestartDevice(string device) => devices.Remove(device);

    /// <summary>The host dies and loads what was durable.</summary>
    public void Restart()
    {
        Core = new RobotCore(Durable, FleetStopped, Timing);
        Run(Core.Start());
    }

    /// <summary>A turn of the robot fails; the host begins it anew.</summary>
    public void Fault()
    {
        Core = Core.Rebuild(Durable, FleetStopped, Now);
        Run(Core.Start());
    }

    public double[] Pose(double position)
    {
        var pose = new double[Joints];
        pose.AsSpan().Fill(position);
        return pose;
    }

    void ICommandSink.Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        var command = new SentCommand(Core.Targets[slave].Name, stamp, positions.ToArray(), Now);
        Commands.Add(command);
        arms[command.Device] = command.Positions;
        WatchCommand?.Invoke(slave, command);
    }

    private Decision Run(Decision decision)
    {
        foreach (var effect in decision.Effects)
        {
            Watch?.Invoke(effect);
            Effects.Add(effect);
            switch (effect)
            {
                case Effect.Persist when DiskFails:
                    Run(Core.OnPersistFailed(Durable, Now));
                    return decision;
                case Effect.Persist persist:
                    Durable = persist.Document;
                    break;
                case Effect.StartStream start when devices.GetValueOrDefault(start.Device).Epoch < start.Epoch:
                    devices[start.Device] = (start.Epoch, 0);
                    break;
                case Effect.StopStream stop when stop.Device.StartsWith("leader", StringComparison.Ordinal):
                    devices[stop.Device] = (0, devices.GetValueOrDefault(stop.Device).Sequence);
                    break;
            }
        }

        return decision;
    }
}

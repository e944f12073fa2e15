using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Testing.Logging;
using Xunit;

namespace Armada.Testing.Engine;

/// <summary>What every adapter of <see cref="IRobotEngine"/> must do. A case takes the first door and the last, wherever both are.</summary>
public abstract partial class RobotEngineConformance : IAsyncLifetime
{
    protected const string Arm = "arm";
    protected const string Other = "other";
    protected const string Leader = "leader";
    protected const string Follower = "follower";
    protected const string Script = "script";
    protected const string Pan = "shoulder_pan";

    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(10);
    private readonly Dictionary<string, uint> sequences = new(StringComparer.Ordinal);

    protected FailOnLoggedErrors Logs { get; } = new();

    protected HeardByDevices Devices { get; } = new();

    protected IEngineUnderTest Rig { get; private set; } = null!;

    protected IRobotEngine Here => Rig.Doors[0];

    protected IRobotEngine There => Rig.Doors[^1];

    /// <summary>Starts the engine without robots.</summary>
    protected abstract Task<IEngineUnderTest> StartAsync(HeardByDevices devices);

    public async Task InitializeAsync() => Rig = await StartAsync(Devices);

    public async Task DisposeAsync()
    {
        await Rig.DisposeAsync();
        Logs.Dispose();
    }

    protected static JointCommand Go(double value, string joint = Pan) => new([new JointGoal(joint, value)]);

    protected static RobotRequest Play(double to, bool takeover = false, string name = "wave", int milliseconds = 500) => new RobotRequest.Play(
        new SequenceMotion(new Sequence(
            name,
            name,
            [new SequenceCommand(TimeSpan.Zero, [new JointGoal(Pan, to)], TimeSpan.FromMilliseconds(milliseconds))],
            false,
            TimeSpan.FromMilliseconds(milliseconds))),
        false,
        takeover);

    protected async Task MakeAsync(params string[] robots)
    {
        foreach (var robot in robots)
            Assert.Null((await Here.CreateAsync(robot, RobotModels.So101, null, default)).Refused);
    }

    protected async Task<RobotSnapshot> AcceptAsync(string robot, RobotRequest request, IRobotEngine? door = null)
    {
        var reply = await (door ?? Here).ApplyAsync(robot, request, default);
        Assert.Null(reply.Refused);
        return reply.Robot!;
    }

    protected async Task<string> RefuseAsync(RefusalReason reason, string robot, RobotRequest request, IRobotEngine? door = null)
    {
        var refused = (await (door ?? There).ApplyAsync(robot, request, default)).Refused;
        Assert.True(refused?.Reason == reason, $"{request} should be refused as {reason} and was {refused?.ToString() ?? "accepted"}");
        return refused!.Text;
    }

    protected async Task<RobotSnapshot> LookAsync(string robot = Arm) =>
        await There.GetAsync(robot, default) ?? throw new InvalidOperationException($"there is no {robot}");

    /// <summary>A party that is connected at the last door, and a slave of the robot if <paramref name="joins"/>.</summary>
    protected async Task<ScriptedSession> ConnectAsync(string name, bool joins = false, string robot = Arm)
    {
        var party = new ScriptedSession(name);
        Assert.Null((await There.ConnectAsync(robot, party, default)).Refused);
        if (joins)
            await AcceptAsync(robot, new RobotRequest.JoinSlave(name), There);
        return party;
    }

    /// <summary>A program at the last door becomes master; gives its epoch.</summary>
    protected async Task<uint> AttachAsync(string name, bool takeover = false, string robot = Arm) =>
        (await AcceptAsync(robot, new RobotRequest.AttachRemote(name, takeover), There)).Master!.Epoch;

    /// <summary>A device sends its next frame, every joint at one position, under the epoch that it was told.</summary>
    protected void Send(string device, double position)
    {
        Span<double> pose = stackalloc double[RobotModels.So101.Joints.Length];
        pose.Fill(position);
        var sequence = sequences[device] = sequences.GetValueOrDefault(device) + 1;
        Rig.Send(device, new SampleStamp(Devices.EpochOf(device), sequence, Rig.Now.Unix), pose);
    }

    /// <summary>Devices send their frames a hundredth of a second apart until something holds.</summary>
    protected async Task StreamUntilAsync(string what, Func<bool> condition, params (string Device, double Position)[] frames)
    {
        for (var sent = 0; !condition(); sent++)
        {
            Assert.True(sent < 1000, $"This did not happen within 1000 frames: {what}");
            foreach (var (device, position) in frames)
                Send(device, position);
            await Rig.PassAsync(Frame);
        }
    }

    /// <summary>The robot has a live leader and a live follower.</summary>
    protected async Task RouteAsync(string robot = Arm)
    {
        await AcceptAsync(robot, new RobotRequest.BindMaster(Leader, false));
        await AcceptAsync(robot, new RobotRequest.BindSlave(Follower, false));
        var before = Devices.CommandsOf(Follower);
        await StreamUntilAsync("the leader commands the follower", () => Devices.CommandsOf(Follower) > before, (Follower, 0), (Leader, 0));
    }
}

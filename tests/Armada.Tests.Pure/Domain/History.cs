using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>
/// A random history of one robot: three leaders and two followers that send good, old, repeated, late, absurd and misdirected frames,
/// programs, motions and the panel that command well and badly, guests that come and go, people who bind, stop and configure, a disk
/// that fails, devices and a host that restart. Three bytes are one step.
/// </summary>
internal sealed partial class History
{
    private static readonly string[] Leaders = ["leader-1", "leader-2", "leader-3"];
    private static readonly string[] Followers = ["follower-1", "follower-2"];
    private readonly List<SampleStamp> sent = [];

    public Rig Rig { get; } = new();

    /// <summary>Called after each step.</summary>
    public Action? AfterStep { get; set; }

    /// <summary>Called when the history is over.</summary>
    public Action? AfterEnd { get; set; }

    /// <summary>Called for each frame given to the robot as its master's: its stamp, what became of it.</summary>
    public Action<SampleStamp, FrameResult>? AfterMasterFrame { get; set; }

    /// <summary>Checks something of every history.</summary>
    /// <param name="watch">Given a history about to begin: sets what is to be asserted.</param>
    public static void Check(Action<History> watch) => Bytes.Check(
        bytes =>
        {
            var history = new History();
            watch(history);
            history.Play(bytes);
            return true;
        },
        longest: 1500,
        times: 250);

    private void Play(byte[] bytes)
    {
        Rig.Accept(new RobotRequest.BindMaster(Leaders[0], false));
        Rig.Accept(new RobotRequest.BindSlave(Followers[0], false));
        for (var at = 0; at + 2 < bytes.Length; at += 3)
        {
            Rig.Advance(0.01);
            IsFresh = false;
            if (bytes[at] % 2 == 0)
                Step(bytes[at] / 2 % 100, bytes[at + 1], bytes[at + 2]);
            else
                StepOfPrograms(bytes[at] / 2 % 100, bytes[at + 1], bytes[at + 2]);
            AfterStep?.Invoke();
        }

        AfterEnd?.Invoke();
    }

    private void Step(int kind, byte a, byte b)
    {
        var leader = Leaders[a % Leaders.Length];
        var follower = Followers[a % Followers.Length];
        switch (kind)
        {
            case 0: Ask(new RobotRequest.BindMaster(leader, b % 2 == 0)); break;
            case 1: Ask(new RobotRequest.UnbindMaster()); break;
            case < 5: Ask(new RobotRequest.BindMaster(Leaders[0], false)); break;
            case < 8: Ask(new RobotRequest.BindSlave(follower, b % 2 == 0)); break;
            case 8: Ask(new RobotRequest.UnbindSlave(follower)); break;
            case 9: Ask(new RobotRequest.Stop()); break;
            case < 13: Ask(new RobotRequest.Reset()); break;
            case < 16: Ask(new RobotRequest.FleetStop(b % 4 == 0)); break;
            case 16: Rig.Advance(b / 50.0); break;
            case 17: Restart(b % 4 == 0); break;
            case 18: Rig.RestartDevice(b % 2 == 0 ? Current : follower); break;
            case 19: Rig.Presence(a % 2 == 0 ? Current : follower, b % 2 == 0); break;
            case < 22: Rig.DiskFails = b % 8 == 0; break;
            case 22: Rig.Slave(follower, Rig.Next(follower), Wild(b)); break;
            case < 25: SendMaster(Rig.Next(Current), Wild(b)); break;
            case 25: SendMaster(Rig.Next(Current) with { CapturedAt = a * 1_000_000L * b }, Rig.Pose(b)); break;
            case < 28: Repeat(a, b); break;
            case 28: Skip(Current, b); break;
            case 29: SendMaster(Rig.Next(leader), Rig.Pose(b - 128)); break;
            case < 33: Rig.Tick(); break;
            case < 60: Rig.Slave(follower, b - 128); break;
            default: SendMaster(Rig.Next(Current), Rig.Pose(b - 128)); break;
        }
    }

    private string Current => Rig.Core.Document.Master is { Kind: MasterKind.Device } master ? master.Name : Leaders[0];

    // Given to the robot whether it is its master's or not: the epoch alone must keep a misdirected frame out.
    private void SendMaster(SampleStamp stamp, double[] pose)
    {
        sent.Add(stamp);
        var verdict = Rig.Master(stamp, pose);
        IsFresh = verdict == FrameResult.Accepted;
        AfterMasterFrame?.Invoke(stamp, verdict);
    }

    private void Repeat(byte a, byte b)
    {
        if (sent.Count > 0)
            SendMaster(sent[(a * 256 + b) % sent.Count], Rig.Pose(b - 128));
    }

    private void Skip(string leader, byte count)
    {
        for (var skipped = 0; skipped < count; skipped++)
            Rig.Next(leader);
    }

    private double[] Wild(byte b)
    {
        var pose = new double[b % 16 == 0 ? 3 : Rig.Joints];
        for (var joint = 0; joint < pose.Length; joint++)
        {
            pose[joint] = ((b + joint) % 5) switch
            {
                0 => double.NaN,
                1 => double.PositiveInfinity,
                2 => double.MinValue,
                _ => b - 128,
            };
        }

        return pose;
    }
}

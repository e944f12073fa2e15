using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>Programs, motions, the panel and slaves that are connected.</summary>
internal sealed partial class History
{
    public const string UnboundSlave = "guest";
    public const string Viewer = "viewer";
    public const string Micro = "micro";

    private static readonly string[] Programs = ["script-1", "script-2", "leader-1"];
    private static readonly string[] Connected = [UnboundSlave, Viewer, "guest-2", Micro];
    private static readonly RobotModel Narrow = RobotModels.So101 with
    {
        Joints = [.. RobotModels.So101.Joints.Select(joint => joint with { Min = Math.Max(joint.Min, -30), Max = Math.Min(joint.Max, 30), MaxVelocity = 60 })],
    };

    private uint given;

    /// <summary>Whether the step asked for a motion and was heard: a good frame or command, or a motion begun or resumed.</summary>
    public bool IsFresh { get; private set; }

    /// <summary>Called after each request: what was asked, what came of it.</summary>
    public Action<RobotRequest, Refusal?>? AfterRequest { get; set; }

    /// <summary>Called before the host begins anew: true where all but what is stored is lost.</summary>
    public Action<bool>? BeforeRestart { get; set; }

    private void StepOfPrograms(int kind, byte a, byte b)
    {
        var program = Programs[a % Programs.Length];
        var connected = Connected[a % Connected.Length];
        switch (kind)
        {
            case < 8: Attach(program, b % 2 == 0); break;
            case 8: Ask(new RobotRequest.DetachRemote(program)); break;
            case < 12: Ask(new RobotRequest.RenewLease(Holder ?? program, given - b % 2u)); break;
            case < 30: Ask(new RobotRequest.RemoteCommand(Holder ?? program, given, Goals(a, b))); break;
            case 30: Ask(new RobotRequest.RemoteCommand(Holder ?? program, given - 1u - b % 3u, Goals(a, b))); break;
            case 31: Ask(new RobotRequest.RemoteCommand(program, given, Goals(a, b))); break;
            case 32: Ask(new RobotRequest.RemoteCommand(Holder ?? program, given, Absurd(b))); break;
            case < 37: Ask(new RobotRequest.Play(new TestMotion(a - 128, b - 128, b / 100.0), b % 3 == 0, a % 2 == 0)); break;
            case < 41: Ask(new RobotRequest.ControlPlayback(a % 3 == 0 ? null : a % 3 == 1, b % 2 == 0 ? TimeSpan.FromSeconds(b / 100.0) : null)); break;
            case < 46: Ask(new RobotRequest.Manual(b % 8 == 0 ? Absurd(a) : Goals(a, b))); break;
            case < 51: Ask(new RobotRequest.JoinSlave(connected)); break;
            case < 53: Ask(new RobotRequest.LeaveSlave(connected, "gone")); break;
            case 53: Ask(new RobotRequest.SlavePace(connected, b % 2 == 0)); break;
            case < 58: Report(connected, b); break;
            case 58: Ask(new RobotRequest.UnbindSlave(connected)); break;
            case < 61: Ask(new RobotRequest.BindSlave(Bound(Viewer, SlaveKind.WebSocket, b), false)); break;
            case < 63: Ask(new RobotRequest.BindSlave(Bound(Micro, SlaveKind.MicroPython, b), false)); break;
            case 63: Ask(new RobotRequest.BindSlave(Bound(Followers[a % 2], SlaveKind.Device, b), false)); break;
            case 64: Ask(new RobotRequest.Configure(b % 3 == 0 ? Narrow : RobotModels.So101, b % 5 == 0 ? a : null)); break;
            case 65: Restart(lost: false); break;
            default: Tick(a % 8); break;
        }
    }

    private string? Holder => Rig.Core.Document.Master is { Kind: MasterKind.Remote } master ? master.Name : null;

    private void Attach(string program, bool takeover)
    {
        var request = new RobotRequest.AttachRemote(program, takeover);
        Ask(request);
        if (Rig.Snapshot.Master is { Kind: MasterKind.Remote } master)
            given = master.Epoch;
    }

    private void Ask(RobotRequest request)
    {
        var stored = Rig.Effects.Count;
        var refused = Rig.Apply(request).Refused;
        var failed = Rig.DiskFails && Rig.Effects.Skip(stored).Any(effect => effect is Effect.Persist);
        IsFresh = refused is null && !failed
            && request is RobotRequest.RemoteCommand or RobotRequest.Manual or RobotRequest.Play or RobotRequest.ControlPlayback { Paused: false };
        if (!failed)
            AfterRequest?.Invoke(request, refused);
    }

    private void Tick(int more)
    {
        Rig.Tick();
        for (var ticks = 0; ticks < more; ticks++)
        {
            Rig.Advance(0.01);
            Rig.Tick();
        }
    }

    private void Restart(bool lost)
    {
        BeforeRestart?.Invoke(lost);
        if (lost)
            Rig.Restart();
        else
            Rig.Fault();
    }

    private void Report(string slave, byte b)
    {
        var joints = Rig.Core.Document.Model.Joints;
        var value = b % 16 == 0 ? double.NaN : b - 128;
        Ask(new RobotRequest.SlaveReport(slave, [new(joints[b % joints.Length].Name, value), new(joints[(b + 1) % joints.Length].Name, value / 2)]));
    }

    private static SlaveBinding Bound(string name, SlaveKind kind, byte b) =>
        new(name, kind, null, b % 2 == 0 ? [] : [new JointMapping("shoulder_pan", b - 128), new JointMapping("gripper", b / 10.0)]);

    private static JointCommand Goals(byte a, byte b)
    {
        var joints = RobotModels.So101.Joints;
        var first = a % joints.Length;
        return new JointCommand(
            [new(joints[first].Name, (b - 128) * 2, a % 4 == 0 ? b + 1 : null), new(joints[(first + 1) % joints.Length].Name, a - 128)],
            b % 4 == 0 ? TimeSpan.FromMilliseconds(b * 4) : null);
    }

    private static JointCommand Absurd(byte b) => (b % 6) switch
    {
        0 => new([]),
        1 => new([new("shoulder_pan", double.NaN)]),
        2 => new([new("wings", 1)]),
        3 => new([new("shoulder_pan", 1), new("Rotation", 2)]),
        4 => new([new("shoulder_pan", 1, double.NegativeInfinity)]),
        _ => new([new("shoulder_pan", 1)], TimeSpan.FromDays(1)),
    };
}

using System.CommandLine;
using Armada.Devices.Arms;
using Armada.Emulators.Arms;

namespace Armada.Emulators.Command;

/// <summary>What <c>so101</c> is asked to be.</summary>
/// <param name="Role">Leader or follower.</param>
/// <param name="Link">Name of the port.</param>
/// <param name="Hand">Whose hand is on it, if any.</param>
/// <param name="Control">Name of the socket for faults, if any.</param>
/// <param name="WireTiming">Whether answers take their time on the wire.</param>
/// <param name="CalibrationOut">Where to write the calibration file, if anywhere.</param>
internal sealed record So101Options(ArmRole Role, string Link, IHand? Hand, string? Control, bool WireTiming, string? CalibrationOut)
{
    private static readonly Option<string> _role = new("--role")
    {
        Description = "leader or follower",
        Required = true,
    };

    private static readonly Option<string> _link = new("--link")
    {
        Description = "name of the serial port to make (a symbolic link)",
        Required = true,
    };

    private static readonly Option<string?> _hand = new("--hand")
    {
        Description = "who moves the arm: wave, teach or still; a leader's default is still, a follower has no hand on it",
    };

    private static readonly Option<int> _seed = new("--seed")
    {
        Description = "another seed, another motion of the hand",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string?> _control = new("--control")
    {
        Description = "name of a unix socket that takes commands, one a line, as standard input does; 'help' lists them",
    };

    private static readonly Option<bool> _noWireTiming = new("--no-wire-timing")
    {
        Description = "answer at once instead of at 1 Mbit/s",
    };

    private static readonly Option<string?> _calibrationOut = new("--calibration-out")
    {
        Description = "write the arm's calibration to a file in LeRobot's format",
    };

    static So101Options()
    {
        _role.AcceptOnlyFromAmong("leader", "follower");
        _hand.AcceptOnlyFromAmong("wave", "teach", "still");
    }

    /// <summary>The command line that gives these options.</summary>
    /// <param name="run">What to do with them; its result is the exit code.</param>
    public static System.CommandLine.Command Command(Func<So101Options, CancellationToken, Task<int>> run)
    {
        var command = new System.CommandLine.Command("so101", "An SO-101 on a pseudo-terminal, answering byte for byte")
        {
            _role, _link, _hand, _seed, _control, _noWireTiming, _calibrationOut,
        };
        command.SetAction((parsed, cancellation) => run(From(parsed), cancellation));
        return command;
    }

    private static So101Options From(ParseResult parsed)
    {
        var role = parsed.GetValue(_role) == "leader" ? ArmRole.Leader : ArmRole.Follower;
        var seed = parsed.GetValue(_seed);
        IHand? hand = parsed.GetValue(_hand) switch
        {
            "wave" => new WavingHand(seed),
            "teach" => new TeachingHand(seed),
            "still" => new StillHand([.. JointFit.So101(role).Select(j => j.Rest)]),
            _ => role == ArmRole.Leader ? new StillHand() : null,
        };
        return new So101Options(
            role, parsed.GetValue(_link)!, hand, parsed.GetValue(_control), !parsed.GetValue(_noWireTiming), parsed.GetValue(_calibrationOut));
    }
}

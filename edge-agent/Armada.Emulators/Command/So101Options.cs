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
    private static readonly Option<string> RoleOption = new("--role")
    {
        Description = "leader or follower",
        Required = true,
    };

    private static readonly Option<string> LinkOption = new("--link")
    {
        Description = "name of the serial port to make (a symbolic link)",
        Required = true,
    };

    private static readonly Option<string?> HandOption = new("--hand")
    {
        Description = "who moves the arm: wave, teach or still; a leader's default is still, a follower has no hand on it",
    };

    private static readonly Option<int> SeedOption = new("--seed")
    {
        Description = "another seed, another motion of the hand",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string?> ControlOption = new("--control")
    {
        Description = "name of a unix socket that takes commands, one a line, as standard input does; 'help' lists them",
    };

    private static readonly Option<bool> NoWireTimingOption = new("--no-wire-timing")
    {
        Description = "answer at once instead of at 1 Mbit/s",
    };

    private static readonly Option<string?> CalibrationOutOption = new("--calibration-out")
    {
        Description = "write the arm's calibration to a file in LeRobot's format",
    };

    static So101Options()
    {
        RoleOption.AcceptOnlyFromAmong("leader", "follower");
        HandOption.AcceptOnlyFromAmong("wave", "teach", "still");
    }

    /// <summary>The command line that gives these options.</summary>
    /// <param name="run">What to do with them; its result is the exit code.</param>
    public static System.CommandLine.Command Command(Func<So101Options, CancellationToken, Task<int>> run)
    {
        var command = new System.CommandLine.Command("so101", "An SO-101 on a pseudo-terminal, answering byte for byte")
        {
            RoleOption, LinkOption, HandOption, SeedOption, ControlOption, NoWireTimingOption, CalibrationOutOption,
        };
        command.SetAction((parsed, cancellation) => run(From(parsed), cancellation));
        return command;
    }

    private static So101Options From(ParseResult parsed)
    {
        var role = parsed.GetValue(RoleOption) == "leader" ? ArmRole.Leader : ArmRole.Follower;
        var seed = parsed.GetValue(SeedOption);
        IHand? hand = parsed.GetValue(HandOption) switch
        {
            "wave" => new WavingHand(seed),
            "teach" => new TeachingHand(seed),
            "still" => new StillHand([.. JointFit.So101(role).Select(j => j.Rest)]),
            _ => role == ArmRole.Leader ? new StillHand() : null,
        };
        return new So101Options(
            role, parsed.GetValue(LinkOption)!, hand, parsed.GetValue(ControlOption), !parsed.GetValue(NoWireTimingOption), parsed.GetValue(CalibrationOutOption));
    }
}

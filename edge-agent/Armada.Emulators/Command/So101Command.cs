using System.CommandLine;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;

namespace Armada.Emulators.Command;

internal static class So101Command
{
    private const int Failed = 1;

    private sealed record Options(ArmRole Role, string Link, IHand? Hand, string? Control, bool WireTiming, string? CalibrationOut);

    public static System.CommandLine.Command Create()
    {
        var role = new Option<string>("--role") { Description = "leader or follower", Required = true };
        var link = new Option<string>("--link") { Description = "name of the serial port to make (a symbolic link)", Required = true };
        var hand = new Option<string?>("--hand")
        {
            Description = "who moves the arm: wave, teach or still; a leader's default is still, a follower has no hand on it",
        };
        var seed = new Option<int>("--seed") { Description = "another seed, another motion of the hand", DefaultValueFactory = _ => 1 };
        var control = new Option<string?>("--control")
        {
            Description = "name of a unix socket that takes commands, one a line, as standard input does; 'help' lists them",
        };
        var instant = new Option<bool>("--no-wire-timing") { Description = "answer at once instead of at 1 Mbit/s" };
        var calibration = new Option<string?>("--calibration-out") { Description = "write the arm's calibration to a file in LeRobot's format" };
        role.AcceptOnlyFromAmong("leader", "follower");
        hand.AcceptOnlyFromAmong("wave", "teach", "still");
        var command = new System.CommandLine.Command("so101", "An SO-101 on a pseudo-terminal, answering byte for byte")
        {
            role, link, hand, seed, control, instant, calibration,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var armRole = parsed.GetValue(role) == "leader" ? ArmRole.Leader : ArmRole.Follower;
            IHand? mover = parsed.GetValue(hand) switch
            {
                "wave" => new WavingHand(parsed.GetValue(seed)),
                "teach" => new TeachingHand(parsed.GetValue(seed)),
                "still" => new StillHand([.. EmulatedJoint.So101(armRole).Select(joint => joint.Rest)]),
                _ => armRole == ArmRole.Leader ? new StillHand() : null,
            };
            return RunAsync(
                new Options(armRole, parsed.GetValue(link)!, mover, parsed.GetValue(control), !parsed.GetValue(instant), parsed.GetValue(calibration)),
                cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Options options, CancellationToken cancellation)
    {
        try
        {
            await ServeAsync(options, cancellation);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return Failed;
        }
    }

    private static async Task ServeAsync(Options options, CancellationToken cancellation)
    {
        if (options.CalibrationOut is { } file)
            CalibrationFile.Write(file, EmulatedJoint.Calibration(options.Role));
        var arm = EmulatedArm.So101(options.Role, options.Hand);
        using var bus = new EmulatedBus(arm, options.Link, options.WireTiming);
        var lines = new EmulatorCommands(bus);
        using var socket = options.Control is { } path ? new EmulatorSocket(path, lines) : null;
        await Console.Out.WriteLineAsync($"ready {bus.Port}");

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<Task> tasks = [bus.Completion.WaitAsync(ending.Token)];
        if (socket is not null)
            tasks.Add(socket.RunAsync(ending.Token));
        if (Console.IsInputRedirected || socket is null)
            tasks.Add(ReadInputAsync(lines, ending.Token));
        try
        {
            await (await Task.WhenAny(tasks));
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes commands from standard input; its end is no reason to end.</summary>
    private static async Task ReadInputAsync(EmulatorCommands lines, CancellationToken cancellation)
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        // A read of standard input cannot be called back: it ends with the program, and nobody waits for it.
        await Task.Run(() => EmulatorSocket.ConverseAsync(lines, input, Console.Out, cancellation), cancellation).WaitAsync(cancellation);
        await Task.Delay(Timeout.Infinite, cancellation);
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;

namespace Armada.Up;

internal sealed record UpOptions(string? Leader, string? Follower, DirectoryInfo? Calibration, int? Check, int HttpPort)
{
    /// <summary>Parses and validates; valid options go to <paramref name="run"/>.</summary>
    public static RootCommand Command(Func<UpOptions, CancellationToken, Task<int>> run)
    {
        var leader = new Option<string?>("--leader") { Description = "serial port of a real leader arm, such as /dev/serial/by-id/…" };
        var follower = new Option<string?>("--follower") { Description = "serial port of a real follower arm" };
        var calibration = new Option<DirectoryInfo?>("--calibration") { Description = "folder with LeRobot's calibration files" };
        var check = new Option<int?>("--check") { Description = "measure for this many seconds, print one line of JSON and exit" };
        var http = new Option<int>("--http-port")
        {
            Description = "the silo's port on 127.0.0.1; a free one if it is taken, or for 0",
            DefaultValueFactory = _ => 5080,
        };
        check.Validators.Add(result =>
        {
            if (!int.TryParse(Value(result), out var seconds) || seconds is < 3 or > 3600)
                result.AddError("--check takes 3 to 3600 seconds");
        });
        http.Validators.Add(result =>
        {
            if (!result.Implicit && (!int.TryParse(Value(result), out var port) || port is < 0 or > 65535))
                result.AddError("--http-port takes 0 to 65535");
        });
        var command = new RootCommand("Runs Armada on this machine: a silo with its broker, two edge agents and two arms.") { leader, follower, calibration, check, http };
        command.Validators.Add(result =>
        {
            if (result.GetResult(leader) is null != result.GetResult(follower) is null)
                result.AddError("--leader and --follower go together: name both ports, or neither for emulated arms");
            if (result.GetResult(calibration) is not null && result.GetResult(leader) is null)
                result.AddError("--calibration goes with --leader and --follower: emulated arms bring their own");
        });
        command.SetAction((parsed, cancellation) => run(
            new UpOptions(
                parsed.GetValue(leader), parsed.GetValue(follower), parsed.GetValue(calibration), parsed.GetValue(check), parsed.GetValue(http)),
            cancellation));
        return command;
    }

    private static string? Value(OptionResult result) => result.Tokens is [var token, ..] ? token.Value : null;
}

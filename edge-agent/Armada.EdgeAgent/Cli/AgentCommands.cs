using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Enrollment;
using Armada.EdgeAgent.Hosting;
using Armada.EdgeAgent.Stops;

namespace Armada.EdgeAgent.Cli;

internal static class AgentCommands
{
    public const int Done = 0;

    /// <summary>Valid, but it could not be done: the answer says why.</summary>
    public const int Failed = 1;

    /// <summary>A wrong option, configuration, port or socket; one line on the error output says which and what to do.</summary>
    public const int Unusable = 2;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var parsed = Root().Parse(arguments);
        // "Required command was not provided" comes first even where the command is there but misspelled.
        if (parsed.Errors.Count > 0)
            return Fail($"{parsed.Errors[^1].Message} See --help.");
        try
        {
            // The host answers Ctrl-C and SIGTERM itself, in its own time: arms must lose their torque first.
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation);
        }
        catch (ConfigurationException e)
        {
            return Fail(e.Message);
        }
    }

    public static int Fail(string line, int code = Unusable)
    {
        Console.Error.WriteLine($"armada-edge: {line.ReplaceLineEndings(" ")}");
        return code;
    }

    // Not a RootCommand, which calls itself after the assembly.
    private static Command Root() => new("armada-edge", "The Armada edge agent: runs the arms on this machine's serial ports.")
    {
        new HelpOption(), new VersionOption(),
        Run(), Check(), Scan(), Forget(), EnrollCommand.Make(),
        OnSocket("stop", "Stop every arm of this machine's running agents where it is, until a reset."),
        OnSocket("reset", "Release the stop made with 'stop'. One made by the silo stays."),
        OnSocket("status", "Show what the running agents' devices do."),
        Recover(),
    };

    private static Command Run()
    {
        var config = ConfigOption();
        var strict = new Option<bool>("--strict") { Description = "End at once where a port is missing or busy, rather than wait for it." };
        var command = new Command("run", "Run the arms of a configuration file until Ctrl-C.") { config, strict };
        command.SetAction((parsed, _) => AgentHost.RunAsync(parsed.GetRequiredValue(config), parsed.GetValue(strict)));
        return command;
    }

    private static Command Check()
    {
        var config = ConfigOption();
        var command = new Command(
            "check", "Check a configuration file and the calibrations it names; opens no port and no connection.") { config };
        command.SetAction(async (parsed, _) =>
        {
            var configuration = ConfigurationFile.Load(parsed.GetRequiredValue(config));
            foreach (var device in configuration.Devices)
                ConfigurationFile.CheckCalibration(device);
            Console.WriteLine($"ok: {configuration.Devices.Length} device(s), {configuration.Local.Length} local pair(s)");
            return Done;
        });
        return command;
    }

    private static Command Forget()
    {
        var config = ConfigOption();
        var device = new Option<string>("--device") { Description = "The device's name.", Required = true };
        var command = new Command("forget", "Forget which arm a device has: after it was calibrated again or got a new servo.") { config, device };
        command.SetAction(async (parsed, _) =>
        {
            var name = parsed.GetRequiredValue(device);
            var folder = ConfigurationFile.Load(parsed.GetRequiredValue(config)).ArmsFolder!;
            Console.WriteLine(KnownArms.Forget(folder, name) ? $"ok: '{name}' may have another arm" : $"ok: no arm of '{name}' was known");
            return Done;
        });
        return command;
    }

    private static Command Scan()
    {
        var port = new Option<string>("--port") { Description = "Serial port, such as /dev/serial/by-id/…", Required = true };
        var command = new Command("scan", "List the servos on a serial port.") { port };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => BusScan.Run(parsed.GetRequiredValue(port), SerialPorts.Create(), Console.Out, cancellation), cancellation));
        return command;
    }

    private static Command OnSocket(string name, string description)
    {
        var socket = SocketOption();
        var command = new Command(name, description) { socket };
        command.SetAction(async (parsed, cancellation) => (await AskAsync(parsed.GetValue(socket), name, cancellation)).All(answer => answer.Ok) ? Done : Failed);
        return command;
    }

    private static Command Recover()
    {
        var device = new Option<string>("--device") { Description = "The device's name.", Required = true };
        var joint = new Option<string>("--joint") { Description = "The joint's name, such as gripper.", Required = true };
        var socket = SocketOption();
        var command = new Command("recover", "Clear what one joint's servo has latched, as an overload; the other joints go on.") { device, joint, socket };
        command.SetAction(async (parsed, cancellation) =>
        {
            var question = $"recover {parsed.GetRequiredValue(device)} {parsed.GetRequiredValue(joint)}";
            return (await AskAsync(parsed.GetValue(socket), question, cancellation)).Any(answer => answer.Ok) ? Done : Failed;
        });
        return command;
    }

    private static async Task<IReadOnlyList<ControlAnswer>> AskAsync(string? socket, string question, CancellationToken cancellation)
    {
        var answers = socket is null
            ? await ControlSocket.AskAllAsync(ControlSocketPlaces.OfMachine, question, cancellation)
            : [await ControlSocket.AskAsync(socket, question, cancellation)];
        foreach (var answer in answers)
            Console.WriteLine(JsonSerializer.Serialize(answer, ControlAnswerJson.Default.ControlAnswer));
        return answers;
    }

    private static Option<string?> SocketOption() => new("--socket") { Description = "An agent's control socket. Default: that of every agent of this machine." };

    private static Option<string> ConfigOption() => new("--config") { Description = "The agent's configuration file.", Required = true };
}

internal static class EnrollCommand
{
    public static Command Make()
    {
        var server = new Option<string>("--server") { Description = "The silo, such as https://silo.example:8443.", Required = true };
        var token = new Option<string?>("--token")
        {
            Description = $"The token that an admin made; - reads it from standard input. Default: {EnrollmentOptions.TokenVariable} of the environment.",
        };
        var name = new Option<string?>("--name") { Description = "The device's name. Default: the one the token is for." };
        var folder = new Option<string?>("--folder") { Description = "Where certificate and key go. Default: the current folder." };
        var port = new Option<string?>("--port") { Description = "The arm's serial port. Default: the only one there is." };
        var authority = new Option<string?>("--ca") { Description = "Authority of the silo's certificate, PEM. Default: the system's." };
        var config = new Option<string?>("--config") { Description = "The agent's configuration, made or extended. Default: agent.json in the folder." };
        var insecure = new Option<bool>("--insecure") { Description = "Allow http:// to another machine, which sends the token in the clear." };
        var command = new Command("enroll", "Get a device its certificate with a token, and make it ready to run.")
        {
            server, token, name, folder, port, authority, config, insecure,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = EnrollmentOptions.Of(
                parsed.GetRequiredValue(server), parsed.GetValue(token), parsed.GetValue(insecure), parsed.GetValue(name), parsed.GetValue(folder),
                parsed.GetValue(port), parsed.GetValue(authority), parsed.GetValue(config));
            try
            {
                await new DeviceEnrollment(options, TimeProvider.System, SerialPorts.Names, Console.Out).RunAsync(cancellation);
                return AgentCommands.Done;
            }
            catch (EnrollmentFailedException e)
            {
                return AgentCommands.Fail(e.Message, AgentCommands.Failed);
            }
        });
        return command;
    }
}

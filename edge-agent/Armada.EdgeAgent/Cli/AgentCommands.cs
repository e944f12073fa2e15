using System.CommandLine;
using System.CommandLine.Help;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Hosting;
using Armada.EdgeAgent.Stops;

namespace Armada.EdgeAgent.Cli;

/// <summary>The agent's command line.</summary>
internal static class AgentCommands
{
    /// <summary>Everything asked for was done.</summary>
    public const int Done = 0;

    /// <summary>It was asked for in vain: the agent's answer says why.</summary>
    public const int Failed = 1;

    /// <summary>A wrong option, configuration, port or socket; one line on the error output says which and what to do.</summary>
    public const int Unusable = 2;

    /// <summary>Runs one command line and gives the exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var parsed = Root().Parse(arguments);
        // "Required command was not provided" comes first even where the command is there and misspelt.
        if (parsed.Errors.Count > 0)
            return Complain($"{parsed.Errors[^1].Message} See --help.");
        try
        {
            // The host answers Ctrl-C and SIGTERM itself, in its own time: arms must lose their torque first.
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation);
        }
        catch (ConfigurationException e)
        {
            return Complain(e.Message);
        }
    }

    /// <summary>Says in one line what is wrong, and gives the exit code.</summary>
    public static int Complain(string line, int code = Unusable)
    {
        Console.Error.WriteLine($"armada-edge: {line.ReplaceLineEndings(" ")}");
        return code;
    }

    // Not a RootCommand, which calls itself after the assembly.
    private static Command Root() => new("armada-edge", "The Armada edge agent: runs the arms on this machine's serial ports.")
    {
        new HelpOption(), new VersionOption(),
        Run(), Check(), Scan(), EnrollCommand.Make(),
        OnSocket("stop", "Stop every arm of a running agent where it is, until a reset."),
        OnSocket("reset", "Release the stop made with 'stop'. One made by the silo stays."),
        OnSocket("status", "Show what a running agent's devices do."),
    };

    private static Command Run()
    {
        var config = ConfigOption();
        var command = new Command("run", "Run the arms of a configuration file until Ctrl-C.") { config };
        command.SetAction((parsed, cancellation) =>
            AgentHost.RunAsync(ConfigurationFile.Load(parsed.GetRequiredValue(config)), cancellation));
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
                Calibrations.Load(device);
            Console.WriteLine($"ok: {configuration.Devices.Length} device(s), {configuration.Local.Length} local pair(s)");
            return Done;
        });
        return command;
    }

    private static Command Scan()
    {
        var port = new Option<string>("--port") { Description = "Serial port, such as /dev/ttyACM0.", Required = true };
        var command = new Command("scan", "List the servos on a serial port.") { port };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => BusScan.Run(parsed.GetRequiredValue(port), Composition.SerialPorts(), Console.Out, cancellation), cancellation));
        return command;
    }

    private static Command OnSocket(string name, string description)
    {
        var socket = new Option<string>("--socket")
        {
            Description = "The agent's control socket.",
            DefaultValueFactory = _ => ControlSocket.DefaultPath,
        };
        var command = new Command(name, description) { socket };
        command.SetAction(async (parsed, cancellation) =>
        {
            var answer = await ControlSocket.AskAsync(parsed.GetRequiredValue(socket), name, cancellation);
            Console.WriteLine(answer);
            return answer.Contains("\"ok\":true", StringComparison.Ordinal) ? Done : Failed;
        });
        return command;
    }

    private static Option<string> ConfigOption() => new("--config") { Description = "The agent's configuration file.", Required = true };
}

using System.CommandLine;
using Armada.EdgeAgent.Enrollment;

namespace Armada.EdgeAgent.Cli;

/// <summary>The command line of <c>enroll</c>.</summary>
internal static class EnrollCommand
{
    /// <summary>Makes it.</summary>
    public static Command Make()
    {
        var server = new Option<string>("--server") { Description = "The silo, such as https://silo.example:8443.", Required = true };
        var token = new Option<string?>("--token")
        {
            Description = $"The token that an admin made; - reads it from standard input. Unless given: {EnrollmentOrder.TokenVariable} of the environment.",
        };
        var name = new Option<string?>("--name") { Description = "The device's name. Unless given: the one the token is for." };
        var folder = new Option<string?>("--folder") { Description = "Where certificate and key go. Unless given: here." };
        var port = new Option<string?>("--port") { Description = "The arm's serial port. Unless given: the only one there is." };
        var authority = new Option<string?>("--ca") { Description = "Authority of the silo's certificate, PEM. Unless given: the system's." };
        var config = new Option<string?>("--config") { Description = "The agent's configuration, made or extended. Unless given: agent.json in the folder." };
        var insecure = new Option<bool>("--insecure") { Description = "Allow http:// to another machine, which shows the token to everybody on the way." };
        var command = new Command("enroll", "Get a device its certificate with a token, and make it ready to run.")
        {
            server, token, name, folder, port, authority, config, insecure,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var rest = (parsed.GetValue(name), parsed.GetValue(folder), parsed.GetValue(port), parsed.GetValue(authority), parsed.GetValue(config));
            var order = EnrollmentOrder.Of(parsed.GetRequiredValue(server), parsed.GetValue(token), parsed.GetValue(insecure), rest);
            try
            {
                await new DeviceEnrollment(order, TimeProvider.System, DeviceEnrollment.SerialPorts, Console.Out).RunAsync(cancellation);
                return AgentCommands.Done;
            }
            catch (EnrollmentFailedException e)
            {
                return AgentCommands.Complain(e.Message, AgentCommands.Failed);
            }
        });
        return command;
    }
}

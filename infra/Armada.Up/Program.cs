using System.CommandLine;
using Armada.Up;

// A wrong option is one line and exit code 2; System.CommandLine would print its whole help.
var parsed = UpOptions.Command(MainJob.RunAsync).Parse(args);
if (parsed.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync($"{parsed.Errors[0].Message} (infra/up --help lists the options)");
    return 2;
}

return await parsed.InvokeAsync(new InvocationConfiguration
{
    EnableDefaultExceptionHandler = false,
    ProcessTerminationTimeout = TimeSpan.FromSeconds(20),
});

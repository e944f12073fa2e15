using System.CommandLine;
using Armada.Emulators.Command;

var root = new RootCommand("Arms that are not there: byte-accurate emulators on pseudo-terminals")
{
    So101Options.Command(So101Command.RunAsync),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync(parsed.Errors[0].Message);
    return 2;
}

return await parsed.InvokeAsync();

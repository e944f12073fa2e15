using System.CommandLine;
using Armada.Emulators.Command;

var root = new RootCommand("Byte-accurate emulators of robot arms on pseudo-terminals")
{
    So101Command.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync(parsed.Errors[0].Message.ReplaceLineEndings(" ").Replace("\t", "", StringComparison.Ordinal));
    return 2;
}

using var termination = new Termination();
// Signals are ours: the link and the socket are to be removed.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, termination.Token);

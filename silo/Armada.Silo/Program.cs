using Armada.Silo;
using Armada.Silo.Options;

using var signals = new TerminationSignals();
return await new SiloCommandLine().RunAsync(args, SiloHost.RunAsync, Console.Out, Console.Error, signals.Token);

using Armada.Silo;
using Armada.Silo.Options;

return await new SiloCommandLine().RunAsync(args, SiloHost.RunAsync, Console.Out, Console.Error);

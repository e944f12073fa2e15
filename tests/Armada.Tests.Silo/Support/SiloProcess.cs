using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Support;

/// <summary>The silo as its users start it: a process of its own.</summary>
internal static class SiloProcess
{
    public static RunningProcess Start(params string[] args) => Start(args, null);

    public static RunningProcess Start(string[] args, IReadOnlyDictionary<string, string>? environment) =>
        RunningProcess.Start("dotnet", [ArmadaProgram.PathOf("Armada.Silo"), .. args], environment);
}

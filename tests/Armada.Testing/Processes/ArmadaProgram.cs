namespace Armada.Testing.Processes;

/// <summary>Our own programs as a user runs them: real processes of this build.</summary>
public static class ArmadaProgram
{
    /// <summary>Starts a program.</summary>
    /// <param name="project">Such as Armada.Silo.</param>
    /// <param name="arguments">Its command line.</param>
    public static RunningProcess Start(string project, params string[] arguments) => RunningProcess.Start("dotnet", [PathOf(project), .. arguments]);

    /// <summary>The program's assembly: beside the tests', built alike.</summary>
    public static string PathOf(string project)
    {
        // artifacts/bin/<project>/<configuration>/
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var assembly = Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, project + ".dll");
        return File.Exists(assembly) ? assembly : throw new FileNotFoundException($"{project} is not built in this configuration", assembly);
    }
}

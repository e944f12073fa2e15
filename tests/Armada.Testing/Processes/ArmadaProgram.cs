namespace Armada.Testing.Processes;

/// <summary>The programs of this build, started as a user starts them: as processes of their own.</summary>
public static class ArmadaProgram
{
    /// <summary>Starts a program.</summary>
    /// <param name="project">Its project, such as Armada.Silo.</param>
    /// <param name="arguments">Its command line.</param>
    public static RunningProcess Start(string project, params string[] arguments) => RunningProcess.Start("dotnet", [PathOf(project), .. arguments]);

    /// <summary>
    /// The program's assembly in artifacts/bin/&lt;project&gt;/&lt;configuration&gt;, in the tests' configuration: the one called as its project, or the
    /// only one there. Programs that it references are copied beside it.
    /// </summary>
    /// <exception cref="FileNotFoundException">The project is not built.</exception>
    public static string PathOf(string project)
    {
        const string ending = ".runtimeconfig.json";
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var folder = new DirectoryInfo(Path.Combine(here.Parent!.Parent!.FullName, project, here.Name));
        var programs = folder.Exists ? folder.GetFiles("*" + ending) : [];
        return (Array.Find(programs, program => program.Name == project + ending) ?? (programs is [var only] ? only : null)) is { } found
            ? found.FullName[..^ending.Length] + ".dll"
            : throw new FileNotFoundException($"{project} is not built in this configuration: {folder} does not hold one program");
    }
}

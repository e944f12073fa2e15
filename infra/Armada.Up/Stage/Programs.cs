namespace Armada.Up.Stage;

/// <summary>Where the programs of this build are: beside this one, built alike.</summary>
internal static class Programs
{
    private static readonly string Dotnet = Environment.ProcessPath ?? "dotnet";

    /// <summary>The command that starts one of our programs.</summary>
    /// <exception cref="FileNotFoundException">It was not built.</exception>
    public static IEnumerable<string> Command(string project, params IEnumerable<string> arguments)
    {
        // artifacts/bin/<project>/<configuration>/
        const string ending = ".runtimeconfig.json";
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var folder = new DirectoryInfo(Path.Combine(here.Parent!.Parent!.FullName, project, here.Name));
        return folder.Exists && folder.GetFiles("*" + ending) is [var program]
            ? [Dotnet, program.FullName[..^ending.Length] + ".dll", .. arguments]
            : throw new FileNotFoundException($"{project} is not built: run infra/up, which builds it", folder.FullName);
    }
}

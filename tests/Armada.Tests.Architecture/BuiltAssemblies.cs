using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Armada.Tests.Architecture;

/// <summary>The assemblies of this build, read as files.</summary>
internal static class BuiltAssemblies
{
    private static readonly string[] Folders = ["grains", "silo", "edge-agent", "infra"];

    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Names =>
        Folders.SelectMany(folder => Directory.GetDirectories(Path.Combine(Root, folder), "Armada.*"))
            .Where(folder => Directory.GetFiles(folder, "*.csproj").Length > 0)
            .Select(folder => Path.GetFileName(folder)!);

    /// <summary>Names of all assemblies that a project's assembly references; a project's name where the assembly is one of ours.</summary>
    public static string[] ReferencesOf(string project)
    {
        using var file = File.OpenRead(PathOf(project));
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => ProjectOf(metadata.GetString(metadata.GetAssemblyReference(handle).Name)))];
    }

    private static string ProjectOf(string assembly) =>
        Names.FirstOrDefault(project => Path.GetFileNameWithoutExtension(PathOf(project)) == assembly) ?? assembly;

    // <root>/artifacts/bin/<project>/<configuration>/ has the one assembly, which is not always called as its project.
    private static string PathOf(string project)
    {
        const string ending = ".deps.json";
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var folder = new DirectoryInfo(Path.Combine(here.Parent!.Parent!.FullName, project, here.Name));
        return folder.Exists && folder.GetFiles("*" + ending) is [var dependencies]
            ? dependencies.FullName[..^ending.Length] + ".dll"
            : throw new FileNotFoundException($"{project} is not built in this configuration: {folder} does not hold one assembly");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("no Orleans.sln above the test assembly");
        return folder.FullName;
    }
}

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

    /// <summary>Names of all assemblies that one of ours references.</summary>
    public static string[] ReferencesOf(string name)
    {
        using var file = File.OpenRead(PathOf(name));
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }

    // <root>/artifacts/bin/<project>/<configuration>/: the neighbors are built alike.
    private static string PathOf(string name)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(here.Parent!.Parent!.FullName, name, here.Name, name + ".dll");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("no Orleans.sln above the test assembly");
        return folder.FullName;
    }
}

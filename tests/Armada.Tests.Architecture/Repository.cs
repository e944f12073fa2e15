using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Armada.Tests.Architecture;

/// <summary>The sources of this working copy, and the assemblies of this build read as files.</summary>
internal static partial class Repository
{
    private static readonly string[] ProductFolders = ["grains", "silo", "edge-agent", "infra"];

    public static string Root { get; } = FindRoot();

    /// <summary>Names of the product's projects.</summary>
    public static IReadOnlyList<string> Projects { get; } =
        [.. ProductFolders.SelectMany(folder => Directory.GetFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories))
            .Select(file => Path.GetFileNameWithoutExtension(file))];

    public static IReadOnlyList<SourceFile> ProductSources { get; } = SourcesIn(ProductFolders);

    public static IReadOnlyList<SourceFile> Sources { get; } = [.. ProductSources, .. SourcesIn("tests")];

    /// <summary>Pages for readers.</summary>
    public static IReadOnlyList<SourceFile> Pages { get; } =
        [.. Directory.GetFiles(Root, "*.md").Concat(Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)).Select(SourceFile.Read)];

    /// <summary>Types declared at the top level of the product, each with the files that declare it.</summary>
    public static ILookup<(string Namespace, string Name), SourceFile> TopLevelTypes { get; } = ProductSources
        .SelectMany(file => TypeDeclaration().Matches(file.Text).Select(type => (Type: (file.Namespace, type.Groups["name"].Value), File: file)))
        .ToLookup(type => type.Type, type => type.File);

    /// <summary>Fails with the whole list, which xunit would cut.</summary>
    public static void AssertNone(IEnumerable<string> found)
    {
        var all = found.Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    /// <summary>Names of all assemblies that one of ours references.</summary>
    public static string[] ReferencesOf(string project)
    {
        using var image = Open(project);
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }

    /// <summary>Full names of all types of other assemblies that one of ours uses.</summary>
    public static string[] ForeignTypesOf(string project)
    {
        using var image = Open(project);
        var metadata = image.GetMetadataReader();
        return [.. metadata.TypeReferences.Select(metadata.GetTypeReference)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")];
    }

    // artifacts/bin/<project>/<configuration>/: built beside the tests, under the name of the program.
    private static PEReader Open(string project)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var folder = Path.Combine(here.Parent!.Parent!.FullName, project, here.Name);
        var file = Path.Combine(folder, project + ".dll");
        if (!File.Exists(file))
            file = Path.ChangeExtension(Directory.GetFiles(folder, "*.runtimeconfig.json").Single().Replace(".runtimeconfig.json", ".dll", StringComparison.Ordinal), ".dll");
        return new PEReader(File.OpenRead(file));
    }

    private static SourceFile[] SourcesIn(params string[] folders) =>
        [.. folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)).Select(SourceFile.Read)];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("no Orleans.sln above the test assembly");
        return folder.FullName;
    }

    // Namespaces are file-scoped, so that a type of the top level begins at the start of a line.
    [GeneratedRegex(@"^(?:(?:public|internal|sealed|static|abstract|partial|readonly|ref|unsafe|file) )*(?:record struct|record class|class|struct|interface|enum|record|delegate [^(]+(?= \w)) ?(?<name>[A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();
}

/// <summary>One file of the repository.</summary>
internal sealed partial record SourceFile(string Path, string Text)
{
    public string Namespace => NamespaceDeclaration().Match(Text).Groups["name"].Value;

    public static SourceFile Read(string file) => new(System.IO.Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file));

    public override string ToString() => Path;

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();
}

using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Armada.Testing;
using Armada.Testing.Processes;

namespace Armada.Tests.Agent.Program;

/// <summary>
/// The agent as it is published for each system that it runs on, without an app host: no feed need serve those of other systems.
/// </summary>
public sealed class PublishTests(PublishTests.Output output) : IClassFixture<PublishTests.Output>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("win-x64", null, "kernel32.dll")]
    [InlineData("osx-arm64", "libSystem.IO.Ports.Native.dylib", "libSystem.IO.Ports.Native")]
    [InlineData("linux-arm64", "libSystem.IO.Ports.Native.so", "libSystem.IO.Ports.Native")]
    [InlineData("linux-x64", "libSystem.IO.Ports.Native.so", "libSystem.IO.Ports.Native")]
    public async Task It_is_published_with_the_serial_ports_of_the_system(string system, string? native, string imported)
    {
        var folder = output.FolderOf(system);
        await using var publish = RunningProcess.Start(
            "dotnet", "publish", Path.Combine(Root(), "edge-agent/Armada.EdgeAgent"), "--runtime", system, "--self-contained", "false",
            "-p:UseAppHost=false", "-p:RunAnalyzers=false", "--artifacts-path", output.FolderOf("artifacts"), "--output", folder,
            "-nodeReuse:false", "--verbosity", "quiet");
        Assert.True(await publish.ExitsAsync(Timeout) == 0, publish.Output);

        foreach (var file in new[] { "armada-edge.dll", "armada-edge.runtimeconfig.json", "armada-edge.deps.json", "System.IO.Ports.dll" })
            Assert.True(File.Exists(Path.Combine(folder, file)), $"{file} is missing");
        Assert.Equal(native is null ? [] : [native], Directory.GetFiles(folder, "*System.IO.Ports.Native*").Select(Path.GetFileName));
        Assert.Contains(imported, Imports(Path.Combine(folder, "System.IO.Ports.dll")));

        if (system == "linux-x64")
        {
            await using var run = RunningProcess.Start("dotnet", Path.Combine(folder, "armada-edge.dll"), "--version");
            Assert.True(await run.ExitsAsync(Timeout) == 0, run.Output);
        }
    }

    private static List<string> Imports(string assembly)
    {
        using var image = new PEReader(File.OpenRead(assembly));
        var metadata = image.GetMetadataReader();
        return [.. Enumerable.Range(1, metadata.GetTableRowCount(TableIndex.ModuleRef))
            .Select(row => metadata.GetString(metadata.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)).Name))];
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("no Orleans.sln above the test assembly");
        return folder.FullName;
    }

    /// <summary>Where everything is built: what all systems share is compiled once, and nothing of it in the tests' own artifacts.</summary>
    public sealed class Output : IDisposable
    {
        private readonly TempFolder folder = new();

        public string FolderOf(string name) => folder.File(name);

        public void Dispose() => folder.Dispose();
    }
}

namespace Armada.Tests.Architecture;

/// <summary>What every source file keeps to.</summary>
public sealed class SourceTests
{
    private const int LongestFile = 800;

    private static IEnumerable<string> Sources =>
        new[] { "grains", "silo", "edge-agent", "infra", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(BuiltAssemblies.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/artifacts/", StringComparison.Ordinal));

    [Fact]
    public void No_source_file_is_over_eight_hundred_lines() =>
        Assert.DoesNotContain(Sources, file => File.ReadLines(file).Count() > LongestFile);

    [Fact]
    public void Only_the_silos_composition_is_compiled_in_two_ways() =>
        Assert.Equal(
            ["Composition.cs"],
            Sources.Where(file => File.ReadLines(file).Any(line => line.StartsWith("#if", StringComparison.Ordinal))).Select(Path.GetFileName));
}

namespace Armada.Tests.Architecture;

/// <summary>What every source file keeps to.</summary>
public sealed class SourceTests
{
    private const int LongestFile = 400;

    private static IEnumerable<string> Sources =>
        new[] { "grains", "silo", "edge-agent", "infra", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(BuiltAssemblies.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/artifacts/", StringComparison.Ordinal));

    [Fact]
    public void No_source_file_is_over_four_hundred_lines() =>
        Assert.DoesNotContain(Sources, file => File.ReadLines(file).Count() > LongestFile);

    [Fact]
    public void Adapters_are_chosen_in_one_composition_file_per_host() =>
        Assert.DoesNotContain(
            Sources.Where(file => Path.GetFileName(file) != "Composition.cs"),
            file => File.ReadLines(file).Any(line => line.StartsWith("#if CLOUD_", StringComparison.Ordinal)));

    [Theory]
    [InlineData("Armada.Grains", "orleans")]
    [InlineData("Armada.Grains.Contracts", "orleans")]
    [InlineData("Armada.Silo.Orleans", "orleans")]
    [InlineData("Armada.EdgeAgent.Orleans", "orleans")]
    [InlineData("Armada.Messaging.MqttNet", "mqttnet")]
    [InlineData("Armada.Silo.AwsIot", "awsiot")]
    [InlineData("Armada.Devices.IoPorts", "ioports")]
    public void An_adapter_that_is_off_compiles_to_nothing(string project, string adapter)
    {
        var references = BuiltAssemblies.ReferencesOf(project);
        Assert.True(
            BuiltAssemblies.AdapterSet.Contains(adapter, StringComparison.Ordinal)
            || references.All(reference => reference.StartsWith("System.", StringComparison.Ordinal)),
            $"{project} is off and still references {string.Join(", ", references)}");
    }
}

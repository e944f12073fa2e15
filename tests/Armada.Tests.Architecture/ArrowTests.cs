namespace Armada.Tests.Architecture;

/// <summary>The directions in which the parts may know each other.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Armada.Core"] = [],
        ["Armada.Mqtt"] = ["Armada.Core"],
        ["Armada.Grains"] = ["Armada.Core"],
        ["Armada.Silo"] = ["Armada.Core", "Armada.Grains", "Armada.Mqtt", "Armada.Silo.AwsIot"],
        ["Armada.Silo.AwsIot"] = ["Armada.Core"],
        ["Armada.Devices"] = ["Armada.Core"],
        ["Armada.Emulators"] = ["Armada.Devices", "Armada.Core"],
        ["Armada.EdgeAgent"] = ["Armada.Core", "Armada.Mqtt", "Armada.Devices"],
        ["Armada.Up"] = ["Armada.Core", "Armada.Mqtt", "Armada.Devices"],
    };

    public static TheoryData<string> Assemblies() => [.. BuiltAssemblies.Names];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void An_assembly_references_only_what_the_design_lets_it(string name)
    {
        Assert.True(Allowed.TryGetValue(name, out var allowed), $"{name} has no entry in the table of allowed arrows");
        var ours = BuiltAssemblies.ReferencesOf(name).Where(reference => reference.StartsWith("Armada.", StringComparison.Ordinal));
        Assert.Empty(ours.Except(allowed!));
    }

    [Fact]
    public void The_core_references_the_framework_and_serializer_attributes_alone() =>
        Assert.All(
            BuiltAssemblies.ReferencesOf("Armada.Core"),
            reference => Assert.True(
                reference is "Orleans.Serialization.Abstractions" || reference.StartsWith("System.", StringComparison.Ordinal),
                $"Armada.Core references {reference}"));

    [Fact]
    public void The_core_knows_no_socket() =>
        Assert.DoesNotContain(
            BuiltAssemblies.ReferencesOf("Armada.Core"), reference => reference.StartsWith("System.Net", StringComparison.Ordinal));
}

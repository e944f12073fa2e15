namespace Armada.Tests.Architecture;

/// <summary>The directions in which the parts may know each other.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Armada.Domain"] = [],
        ["Armada.Wire"] = [],
        ["Armada.Messaging"] = ["Armada.Wire"],
        ["Armada.Messaging.MqttNet"] = ["Armada.Messaging", "Armada.Wire"],
        ["Armada.Grains.Contracts"] = ["Armada.Domain"],
        ["Armada.Grains"] = ["Armada.Domain", "Armada.Wire", "Armada.Grains.Contracts"],
        ["Armada.Silo"] =
        [
            "Armada.Domain", "Armada.Wire", "Armada.Messaging",
            "Armada.Messaging.MqttNet", "Armada.Silo.Orleans", "Armada.Silo.AwsIot",
        ],
        ["Armada.Silo.Orleans"] = ["Armada.Domain", "Armada.Wire", "Armada.Messaging", "Armada.Grains", "Armada.Grains.Contracts"],
        ["Armada.Silo.AwsIot"] = ["Armada.Domain", "Armada.Wire"],
        ["Armada.Devices"] = ["Armada.Wire"],
        ["Armada.Devices.IoPorts"] = ["Armada.Devices"],
        ["Armada.Emulators"] = ["Armada.Devices", "Armada.Wire"],
        ["Armada.EdgeAgent"] =
        [
            "Armada.Domain", "Armada.Wire", "Armada.Messaging", "Armada.Messaging.MqttNet",
            "Armada.Devices", "Armada.Devices.IoPorts", "Armada.Emulators", "Armada.EdgeAgent.Orleans",
        ],
        ["Armada.EdgeAgent.Orleans"] = ["Armada.Domain", "Armada.Wire", "Armada.Messaging", "Armada.Grains.Contracts"],
        ["Armada.Up"] = ["Armada.Wire", "Armada.Messaging", "Armada.Devices"],
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

    [Theory]
    [InlineData("Armada.Domain")]
    [InlineData("Armada.Wire")]
    public void A_pure_assembly_references_the_framework_alone(string name) =>
        Assert.All(
            BuiltAssemblies.ReferencesOf(name),
            reference => Assert.True(reference.StartsWith("System.", StringComparison.Ordinal), $"{name} references {reference}"));

    [Fact]
    public void The_pure_assemblies_know_no_socket() =>
        Assert.DoesNotContain(
            BuiltAssemblies.ReferencesOf("Armada.Domain").Concat(BuiltAssemblies.ReferencesOf("Armada.Wire")),
            reference => reference.StartsWith("System.Net", StringComparison.Ordinal));
}

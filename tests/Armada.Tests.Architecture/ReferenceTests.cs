namespace Armada.Tests.Architecture;

/// <summary>Which part may know which (DESIGN §3).</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Armada.Core"] = [],
        ["Armada.Grains"] = ["Armada.Core"],
        ["Armada.Mqtt"] = ["Armada.Core"],
        ["Armada.Devices"] = ["Armada.Core"],
        ["Armada.Silo"] = ["Armada.Core", "Armada.Grains", "Armada.Mqtt", "Armada.Silo.AwsIot"],
        ["Armada.Silo.AwsIot"] = ["Armada.Core"],
        ["Armada.Cli"] = ["Armada.Core"],
        ["Armada.Emulators"] = ["Armada.Devices", "Armada.Core"],
        ["Armada.EdgeAgent"] = ["Armada.Core", "Armada.Mqtt", "Armada.Devices"],
        ["Armada.Up"] = ["Armada.Core", "Armada.Mqtt", "Armada.Devices"],
    };

    private static readonly string[] ForbiddenInCore =
    [
        "System.Net.", "System.IO.File", "System.IO.Directory", "System.IO.Path", "System.Console", "System.TimeProvider", "System.Random",
        "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "System.Threading.Timer", "System.Threading.PeriodicTimer",
        "System.Threading.Thread",
    ];

    public static TheoryData<string> Projects() => [.. Repository.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_design_allows(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} has no entry in the table of allowed references");
        var ours = Repository.ReferencesOf(project).Where(reference => reference.StartsWith("Armada.", StringComparison.Ordinal));
        Assert.Empty(ours.Except(allowed!));
    }

    [Fact]
    public void The_core_references_the_framework_and_serializer_attributes_alone() =>
        Assert.All(
            Repository.ReferencesOf("Armada.Core"),
            reference => Assert.True(
                reference is "Orleans.Serialization.Abstractions" || reference.StartsWith("System.", StringComparison.Ordinal),
                $"Armada.Core references {reference}"));

    [Fact]
    public void The_core_uses_no_clock_socket_file_thread_or_randomness()
    {
        var used = Repository.ForeignTypesOf("Armada.Core")
            .Where(type => ForbiddenInCore.Any(forbidden => forbidden.EndsWith('.') ? type.StartsWith(forbidden, StringComparison.Ordinal) : type == forbidden));
        Repository.AssertNone(used);
    }

    [Fact]
    public void The_core_is_compiled_with_its_banned_symbols()
    {
        Assert.Contains("<IsPure>true</IsPure>", File.ReadAllText(Path.Combine(Repository.Root, "grains/Armada.Core/Armada.Core.csproj")), StringComparison.Ordinal);
        var banned = File.ReadAllText(Path.Combine(Repository.Root, "BannedSymbols.txt"));
        Assert.All(
            ["P:System.DateTime.UtcNow;", "T:System.TimeProvider;", "T:System.Threading.Tasks.Task;", "P:System.Random.Shared;", "N:System.Net.Sockets;"],
            symbol => Assert.Contains(symbol, banned, StringComparison.Ordinal));
    }
}

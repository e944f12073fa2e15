using System.Text.RegularExpressions;

namespace Armada.Tests.Architecture;

/// <summary>Rules that every source file follows.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 800;

    private static readonly string[] Generators = ["LoggerMessage", "JsonSerializable", "GeneratedRegex", "LibraryImport"];

    [Fact]
    public void No_source_file_is_over_eight_hundred_lines() =>
        Repository.AssertNone(Repository.Sources.Where(file => file.Text.Count(letter => letter == '\n') > MaxLines).Select(file => file.Path));

    [Fact]
    public void Only_the_silos_composition_is_compiled_conditionally() =>
        Assert.Equal(["Composition.cs"], Repository.Sources.Where(file => Conditional().IsMatch(file.Text)).Select(file => Path.GetFileName(file.Path)));

    [Fact]
    public void A_partial_type_is_one_that_a_source_generator_completes() =>
        Repository.AssertNone(Repository.ProductSources
            .Where(file => PartialType().IsMatch(file.Text) && !Generators.Any(generator => file.Text.Contains($"[{generator}", StringComparison.Ordinal)))
            .Select(file => file.Path));

    [Fact]
    public void A_type_stands_in_one_file() =>
        Repository.AssertNone(Repository.TopLevelTypes
            .Where(type => type.Distinct().Count() > 1)
            .Select(type => $"{type.Key.Name}: {string.Join(", ", type.Distinct())}"));

    // What the compiler does not check of the format, and the whitespace formatter does not either.
    [Fact]
    public void Imports_are_in_order_with_those_of_System_first() =>
        Repository.AssertNone(Repository.Sources
            .Where(file => Imports().Matches(file.Text).Any(block => !AreInOrder([.. block.Groups["name"].Captures.Select(name => name.Value)])))
            .Select(file => file.Path));

    [Theory]
    [InlineData(true, "System", "System.Text", "Armada.Core", "Armada.Core.Arms", "Xunit")]
    [InlineData(false, "Armada.Core", "System")]
    [InlineData(false, "Armada.CoreTwo", "Armada.Core.Arms")]
    [InlineData(true, "Armada.Core.Arms", "Armada.CoreTwo")]
    [InlineData(false, "Armada.Mqtt", "Armada.Core")]
    public void The_order_of_imports_compares_them_part_by_part(bool expected, params string[] imports) => Assert.Equal(expected, AreInOrder(imports));

    private static bool AreInOrder(string[] imports) => imports.SequenceEqual(imports
        .OrderBy(name => name == "System" || name.StartsWith("System.", StringComparison.Ordinal) ? 0 : 1)
        .ThenBy(name => name.Replace('.', '\0'), StringComparer.OrdinalIgnoreCase));

    [GeneratedRegex(@"(?:^(?:global )?using (?<name>[\w.]+);\n)+", RegexOptions.Multiline)]
    private static partial Regex Imports();

    [GeneratedRegex("^ *#if", RegexOptions.Multiline)]
    private static partial Regex Conditional();

    [GeneratedRegex(@"^ *(?:\w+ )*partial (?:class|record|struct|interface)\b", RegexOptions.Multiline)]
    private static partial Regex PartialType();
}

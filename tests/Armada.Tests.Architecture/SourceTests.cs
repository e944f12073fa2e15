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
            .Where(file => !Outstanding.Partial.Contains(Path.GetFileName(file.Path).Split('.')[0]))
            .Select(file => file.Path));

    [Fact]
    public void A_type_stands_in_one_file() =>
        Repository.AssertNone(Repository.TopLevelTypes
            .Where(type => type.Distinct().Count() > 1 && !Outstanding.Partial.Contains(type.Key.Name))
            .Select(type => $"{type.Key.Name}: {string.Join(", ", type.Distinct())}"));

    [Fact]
    public void Log_events_have_ids_of_their_own()
    {
        var shared = Repository.ProductSources
            .SelectMany(file => LogEvent().Matches(file.Text).Select(match => (Id: match.Groups["id"].Value, File: file)))
            .GroupBy(logged => logged.Id, logged => logged.File)
            .Where(logged => logged.Count() > 1 && !Outstanding.LogEvents.Contains(logged.Key))
            .Select(logged => $"{logged.Key}: {string.Join(", ", logged)}");
        Repository.AssertNone(shared);
    }

    [GeneratedRegex("^ *#if", RegexOptions.Multiline)]
    private static partial Regex Conditional();

    [GeneratedRegex(@"^ *(?:\w+ )*partial (?:class|record|struct|interface)\b", RegexOptions.Multiline)]
    private static partial Regex PartialType();

    [GeneratedRegex(@"\[LoggerMessage\((?:EventId = )?(?<id>\d+)")]
    private static partial Regex LogEvent();
}

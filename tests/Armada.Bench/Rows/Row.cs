namespace Armada.Bench.Rows;

/// <summary>One line of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Ours">Our figure.</param>
/// <param name="Yardstick">What it is held against.</param>
/// <param name="Ratio">The one over the other, or the figure itself where the aim is absolute.</param>
/// <param name="BuiltFor">What DESIGN asks for.</param>
internal sealed record Row(string What, string Ours, string Yardstick, string Ratio, string BuiltFor)
{
    public static string Table(IEnumerable<Row> rows) => string.Join('\n', rows
        .Select(row => $"| {row.What} | {row.Ours} | {row.Yardstick} | {row.Ratio} | {row.BuiltFor} |")
        .Prepend("|---|---|---|---|---|")
        .Prepend("| what | Armada | yardstick | ratio | built for |"));
}

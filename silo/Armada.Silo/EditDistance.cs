namespace Armada.Silo;

/// <summary>Levenshtein's distance: the fewest letters to insert, remove or replace, ignoring case.</summary>
internal static class EditDistance
{
    public static string Nearest(string name, IEnumerable<string> known) => known.MinBy(candidate => Between(name, candidate))!;

    public static int Between(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= other.Length; j++)
            {
                var cost = char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + cost));
            }
        }

        return row[^1];
    }
}

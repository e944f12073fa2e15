namespace Armada.Mqtt;

/// <summary>Which filter has its place on which link. The first link with room is filled first.</summary>
/// <param name="mostLinks">Links there may be.</param>
/// <param name="perLink">Filters that one link takes.</param>
internal sealed class Placement(int mostLinks, int perLink)
{
    private readonly Dictionary<string, int> linkOf = new(StringComparer.Ordinal);
    private readonly int[] taken = new int[mostLinks];

    /// <summary>Filters that have a place.</summary>
    public int Count => linkOf.Count;

    /// <summary>The link that has this filter, else the first with room; null where all are full.</summary>
    public int? Find(string filter)
    {
        if (linkOf.TryGetValue(filter, out var link)) return link;
        var free = Array.FindIndex(taken, count => count < perLink);
        return free < 0 ? null : free;
    }

    /// <summary>Gives the filter a place on this link, unless it has one.</summary>
    public void Take(string filter, int link)
    {
        if (linkOf.TryAdd(filter, link)) taken[link]++;
    }

    /// <summary>Frees the filter's place; gives the link that had it, null for a filter without a place.</summary>
    public int? Free(string filter)
    {
        if (!linkOf.Remove(filter, out var link)) return null;
        taken[link]--;
        return link;
    }
}

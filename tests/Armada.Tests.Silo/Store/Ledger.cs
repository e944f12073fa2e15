using System.Text.Json.Nodes;

namespace Armada.Tests.Silo.Store;

/// <summary>What one entity was said to be: as last acknowledged, and as a request in flight would make it.</summary>
/// <typeparam name="T">All that is compared; null means that there is none.</typeparam>
internal sealed class Ledger<T>(string name, T acknowledged)
{
    private (T Value, bool IsThere) inFlight;

    /// <summary>As it was acknowledged last.</summary>
    public T Acknowledged { get; private set; } = acknowledged;

    /// <summary>How many changes were acknowledged.</summary>
    public int Changes { get; private set; }

    /// <summary>Asks for a change; where it is not acknowledged, it stays in flight.</summary>
    public async Task<JsonNode?> ChangeAsync(T next, Func<Task<JsonNode?>> ask)
    {
        inFlight = (next, true);
        var answer = await ask();
        Acknowledged = next;
        inFlight = default;
        Changes++;
        return answer;
    }

    /// <summary>After a restart: it must be as acknowledged or as in flight, and that it is from now on.</summary>
    public void Settle(T found)
    {
        var equals = EqualityComparer<T>.Default;
        Assert.True(
            equals.Equals(found, Acknowledged) || (inFlight.IsThere && equals.Equals(found, inFlight.Value)),
            $"{name} is {found}; acknowledged was {Acknowledged}, in flight {(inFlight.IsThere ? inFlight.Value : "nothing")}");
        Acknowledged = found;
        inFlight = default;
    }
}

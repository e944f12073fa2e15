namespace Armada.Grains;

/// <summary>Whether the durable storage can be reached.</summary>
public interface IStoreHealth
{
    /// <summary>Whether it can now, as far as is known; answers at once.</summary>
    bool IsReached { get; }
}

/// <summary>Names of the stores that grains ask for.</summary>
public static class GrainStores
{
    /// <summary>Where everything of Armada's is kept.</summary>
    public const string Armada = "armada";

    /// <summary>Why a change could not be stored.</summary>
    internal const string Unreachable = "storage cannot be reached; ask again when it is back";
}

namespace Armada.Grains;

/// <summary>Whether the cluster's store is reached.</summary>
public interface IStoreHealth
{
    /// <summary>Whether it is now, as far as is known; answers at once.</summary>
    bool IsReached { get; }
}

/// <summary>Names of the stores that grains ask for.</summary>
public static class GrainStores
{
    /// <summary>Where everything of Armada's is kept.</summary>
    public const string Armada = "armada";

    /// <summary>What is said of a change that the store did not take.</summary>
    internal const string NotStored = "the cluster's store cannot be reached; nothing was changed, ask again when it is back";
}

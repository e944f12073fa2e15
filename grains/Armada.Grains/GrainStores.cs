namespace Armada.Grains;

/// <summary>Names of the stores that grains ask for.</summary>
public static class GrainStores
{
    /// <summary>Where everything of Armada's is kept.</summary>
    public const string Armada = "armada";

    /// <summary>What is said of a change that the store did not take.</summary>
    internal const string NotStored = "the cluster's store cannot be reached; nothing was changed, ask again when it is back";
}

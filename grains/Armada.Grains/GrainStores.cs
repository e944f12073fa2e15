namespace Armada.Grains;

/// <summary>Names of the stores that grains ask for.</summary>
public static class GrainStores
{
    /// <summary>Where everything of Armada's is kept.</summary>
    public const string Armada = "armada";
}

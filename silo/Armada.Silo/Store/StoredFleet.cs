namespace Armada.Silo.Store;

/// <summary>The fleet's file.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Stopped">Whether the fleet's stop is latched.</param>
internal sealed record StoredFleet(int Format, bool Stopped)
{
    private const int Current = 1;

    /// <summary>The fleet's file.</summary>
    public static StoredFleet Of(bool stopped) => new(Current, stopped);

    /// <summary>What is wrong with it; or null.</summary>
    public string? Fault() => Format == Current ? null : $"its format is {Format}, this silo reads {Current}";
}

using System.Text.Json;
using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Silo.Store;

/// <summary>What a start found on disk.</summary>
/// <param name="Robots">Every readable robot.</param>
/// <param name="FleetStopped">The fleet's latch; latched where its file is damaged, because a stop must never be lost.</param>
internal sealed record StoredState(IReadOnlyList<RobotDocument> Robots, bool FleetStopped);

/// <summary>One JSON file per robot and one for the fleet.</summary>
internal sealed partial class DocumentStore : IRobotStorage, IDisposable
{
    private readonly ILogger<DocumentStore> logger;
    private readonly DocumentFiles files;
    private readonly string robots;
    private readonly string fleet;

    /// <summary>In the silo's folder.</summary>
    public DocumentStore(DataFolder data, ILogger<DocumentStore> logger)
    {
        this.logger = logger;
        files = new DocumentFiles(logger);
        robots = data.Folder("robots");
        fleet = Path.Combine(data.Path, "fleet.json");
    }

    /// <summary>Reads everything; a damaged file is set aside and the rest loads.</summary>
    public StoredState Load()
    {
        var found = files.ReadAll(robots, StoredJson.Default.StoredRobot, (stored, name) => stored.Fault(name));
        LogLoaded(found.Count);
        return new StoredState([.. found.Select(stored => stored.ToDocument())], LoadFleetStopped());
    }

    /// <inheritdoc/>
    public async ValueTask<string?> SaveAsync(RobotDocument document)
    {
        try
        {
            await files.WriteAsync(PathOf(document.Id), StoredRobot.Of(document), StoredJson.Default.StoredRobot, CancellationToken.None);
            return null;
        }
        catch (NotStoredException failed)
        {
            return $"{failed.Message} Free the disk and ask again.";
        }
    }

    /// <summary>Makes the fleet's latch durable.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public Task SaveFleetAsync(bool stopped, CancellationToken cancellation) =>
        files.WriteAsync(fleet, StoredFleet.Of(stopped), StoredJson.Default.StoredFleet, cancellation);

    /// <summary>Forgets a robot durably.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public Task DeleteAsync(string robotId, CancellationToken cancellation) => files.DeleteAsync(PathOf(robotId), cancellation);

    /// <inheritdoc/>
    public void Dispose() => files.Dispose();

    private bool LoadFleetStopped()
    {
        File.Delete(fleet + DurableFile.TemporaryEnding);
        var isThere = File.Exists(fleet);
        if (!isThere && !DocumentFiles.IsDamaged(fleet)) // Set aside, and then the power was cut before the stop was written.
            return false;
        if (isThere && files.Read(fleet, StoredJson.Default.StoredFleet, stored => stored.Fault()) is { } stored)
            return stored.Stopped;
        DurableFile.Write(fleet, JsonSerializer.SerializeToUtf8Bytes(StoredFleet.Of(stopped: true), StoredJson.Default.StoredFleet));
        LogFleetStopAssumed();
        return true;
    }

    private string PathOf(string robotId) => Path.Combine(robots, robotId + ".json");
}

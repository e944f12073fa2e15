using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Armada.Domain.Robots;
using Armada.Wire.Topics;

namespace Armada.Silo.Store;

/// <summary>What a start found on disk.</summary>
/// <param name="Robots">Every readable robot.</param>
/// <param name="FleetStopped">The fleet's latch; latched where its file is damaged, because a stop must never be lost.</param>
internal sealed record StoredState(IReadOnlyList<RobotDocument> Robots, bool FleetStopped);

/// <summary>The disk refused to keep a document; the old one stands.</summary>
internal sealed class NotStoredException(string message, Exception cause) : Exception(message, cause);

/// <summary>One JSON file per robot and one for the fleet, each replaced as a whole. One silo owns the folder.</summary>
internal sealed partial class DocumentStore : IDisposable
{
    private const int Format = 1;
    private readonly ILogger<DocumentStore> logger;
    private readonly string robots;
    private readonly string fleet;
    private readonly FileStream claim;
    private readonly SemaphoreSlim writing = new(1);

    /// <summary>Makes and claims the folder.</summary>
    /// <exception cref="Options.SiloOptionsException">It cannot be written, or another silo has it.</exception>
    public DocumentStore(string folder, ILogger<DocumentStore> logger)
    {
        this.logger = logger;
        robots = Path.Combine(folder, "robots");
        fleet = Path.Combine(folder, "fleet.json");
        try
        {
            Directory.CreateDirectory(robots);
            claim = new FileStream(Path.Combine(folder, "silo.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new Options.SiloOptionsException(
                $"--data '{folder}' cannot be used: {refused.Message} Choose a folder that can be written and that no other silo has.",
                refused);
        }
    }

    /// <summary>Reads everything; a damaged file is set aside and the rest loads.</summary>
    public StoredState Load()
    {
        foreach (var left in Directory.EnumerateFiles(robots, "*" + DurableFile.TemporaryEnding))
            File.Delete(left);
        var found = new List<RobotDocument>();
        foreach (var path in Directory.EnumerateFiles(robots, "*.json").Order(StringComparer.Ordinal))
        {
            if (Read(path, StoredJson.Default.StoredRobot, stored => Fault(stored, path)) is { } stored)
                found.Add(stored.Robot);
        }

        LogLoaded(found.Count);
        return new StoredState(found, LoadFleetStopped());
    }

    /// <summary>Makes a robot durable.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public Task SaveAsync(RobotDocument robot, CancellationToken cancellation) =>
        WriteAsync(PathOf(robot.Id), Bytes(robot), cancellation);

    /// <summary>Makes the fleet's latch durable.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public Task SaveFleetAsync(bool stopped, CancellationToken cancellation) =>
        WriteAsync(fleet, Bytes(stopped), cancellation);

    /// <summary>Forgets a robot durably.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public Task DeleteAsync(string robotId, CancellationToken cancellation) =>
        OnDiskAsync(PathOf(robotId), DurableFile.Delete, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        claim.Dispose();
        writing.Dispose();
    }

    private bool LoadFleetStopped()
    {
        if (!File.Exists(fleet))
            return false;
        if (Read(fleet, StoredJson.Default.StoredFleet, stored => WrongFormat(stored.Format)) is { } stored)
            return stored.Stopped;
        DurableFile.Write(fleet, Bytes(stopped: true));
        LogFleetStopAssumed();
        return true;
    }

    private static byte[] Bytes(RobotDocument robot) =>
        JsonSerializer.SerializeToUtf8Bytes(new StoredRobot(Format, robot), StoredJson.Default.StoredRobot);

    private static byte[] Bytes(bool stopped) =>
        JsonSerializer.SerializeToUtf8Bytes(new StoredFleet(Format, stopped), StoredJson.Default.StoredFleet);

    private Task WriteAsync(string path, byte[] content, CancellationToken cancellation) =>
        OnDiskAsync(path, target => DurableFile.Write(target, content), cancellation);

    private async Task OnDiskAsync(string path, Action<string> write, CancellationToken cancellation)
    {
        await writing.WaitAsync(cancellation);
        try
        {
            await Task.Run(() => write(path), cancellation);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            LogNotStored(path, refused.Message);
            throw new NotStoredException($"'{Path.GetFileName(path)}' could not be stored: {refused.Message}", refused);
        }
        finally
        {
            writing.Release();
        }
    }

    private T? Read<T>(string path, JsonTypeInfo<T> type, Func<T, string?> fault)
        where T : class
    {
        try
        {
            var stored = JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? throw new JsonException("it is empty");
            return fault(stored) is { } reason ? throw new JsonException(reason) : stored;
        }
        catch (JsonException damaged)
        {
            SetAside(path, damaged.Message);
            return null;
        }
    }

    private void SetAside(string path, string reason)
    {
        var number = 1;
        while (File.Exists($"{path}.damaged-{number}"))
            number++;
        var aside = $"{path}.damaged-{number}";
        File.Move(path, aside);
        LogDamaged(path, aside, reason);
    }

    private static string? Fault(StoredRobot stored, string path) =>
        WrongFormat(stored.Format)
        ?? (!DeviceName.IsValid(stored.Robot.Id) || stored.Robot.Id != Path.GetFileNameWithoutExtension(path)
            ? $"it holds robot '{stored.Robot.Id}'"
            : stored.Robot.Slaves.IsDefault ? "its slaves are missing" : RobotModelRules.FindProblem(stored.Robot.Model));

    private static string? WrongFormat(int format) => format == Format ? null : $"its format is {format}, this silo reads {Format}";

    private string PathOf(string robotId) => Path.Combine(robots, robotId + ".json");
}

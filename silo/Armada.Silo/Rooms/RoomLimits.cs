using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using Armada.Silo.Store;
using Armada.Wire.Topics;

namespace Armada.Silo.Rooms;

/// <summary>How many consumers each room may have: a small file for each that was given a number of its own.</summary>
internal sealed class RoomLimits : IDisposable
{
    private const int Format = 1;
    private readonly ConcurrentDictionary<string, int> limits = new(StringComparer.Ordinal);
    private readonly DocumentFiles files;
    private readonly string folder;

    /// <summary>Reads what was stored; a room whose file is damaged has the usual number.</summary>
    public RoomLimits(DataFolder data, ILogger<RoomLimits> logger)
    {
        files = new DocumentFiles(logger);
        folder = data.Folder("rooms");
        foreach (var stored in files.ReadAll(folder, RoomLimitJson.Default.StoredRoomLimit, Fault))
            limits[stored.Robot] = stored.MaxConsumers;
    }

    /// <summary>Most consumers of a robot's room.</summary>
    public int MostConsumers(string robot) => limits.GetValueOrDefault(robot, RoomBodies.UsualConsumers);

    /// <summary>Sets it for a room that is about to be made.</summary>
    /// <exception cref="NotStoredException">The disk refused; nothing was changed.</exception>
    public async Task SetAsync(string robot, int consumers, CancellationToken cancellation)
    {
        if (consumers == MostConsumers(robot))
            return;
        await files.WriteAsync(PathOf(robot), new StoredRoomLimit(Format, robot, consumers), RoomLimitJson.Default.StoredRoomLimit, cancellation);
        limits[robot] = consumers;
    }

    /// <summary>The room goes.</summary>
    /// <exception cref="NotStoredException">The disk refused; nothing was changed.</exception>
    public async Task ForgetAsync(string robot)
    {
        if (!limits.ContainsKey(robot))
            return;
        await files.DeleteAsync(PathOf(robot), CancellationToken.None);
        limits.TryRemove(robot, out _);
    }

    /// <inheritdoc/>
    public void Dispose() => files.Dispose();

    private static string? Fault(StoredRoomLimit stored, string name) =>
        stored.Format != Format ? $"its format is {stored.Format}, this silo reads {Format}"
        : stored.Robot != name || !DeviceName.IsValid(name) ? $"it holds robot '{stored.Robot}'"
        : stored.MaxConsumers is < 1 or > RoomBodies.MostConsumers ? $"{stored.MaxConsumers} consumers are out of range"
        : null;

    private string PathOf(string robot) => Path.Combine(folder, robot + ".json");
}

/// <summary>A room's file.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Robot">Id of the room's robot.</param>
/// <param name="MaxConsumers">Most consumers it may have.</param>
internal sealed record StoredRoomLimit(int Format, string Robot, int MaxConsumers);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StoredRoomLimit))]
internal sealed partial class RoomLimitJson : JsonSerializerContext;

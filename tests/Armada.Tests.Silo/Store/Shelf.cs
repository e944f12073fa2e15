using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Access.Keys;
using Armada.Silo.Sequences;
using Armada.Silo.Store;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Silo.Store;

/// <summary>A data folder with one entity of each kind the silo stores, and what a fresh load of it gives.</summary>
internal sealed class Shelf : IDisposable
{
    /// <summary>Event id of what is logged when a file is set aside.</summary>
    public const int Damaged = 1001;

    private readonly TempFolder folder = new();

    /// <summary>The kinds of entities that are loaded by themselves.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["robots", "sequences", "keys"];

    public FailOnLoggedErrors Logs { get; } = new FailOnLoggedErrors().Expect(Damaged);

    public string Path => folder.Path;

    /// <summary>Where the one document of a kind is that was stored first.</summary>
    public string FileOf(string kind) => Directory.GetFiles(System.IO.Path.Combine(Path, kind), "*.json").Order(StringComparer.Ordinal).First();

    /// <summary>What is left of cut writes.</summary>
    public IEnumerable<string> Temporary => Directory.EnumerateFiles(Path, "*" + DurableFile.TemporaryEnding, SearchOption.AllDirectories);

    /// <summary>What was set aside.</summary>
    public IReadOnlyList<string> Aside => [.. Directory.EnumerateFiles(Path, "*.damaged-*", SearchOption.AllDirectories)];

    /// <summary>Stores one entity of each kind, each under another name than those of the other mark.</summary>
    public async Task FillAsync(string mark)
    {
        using var data = new DataFolder(Path);
        using var store = new DocumentStore(data, Logs.For<DocumentStore>());
        using var library = new SequenceLibrary(data, Logs.For<SequenceLibrary>());
        using var files = new KeyFiles(data, Logs.For<KeyFiles>());
        using var keys = new KeyRing(files, TimeProvider.System, Logs.For<KeyRing>());
        SlaveBinding[] slaves = [new("follower"), new("door", SlaveKind.WebSocket, null, [new JointMapping("gripper", 1.5, "jaw")])];
        Assert.Null(await store.SaveAsync(new RobotDocument(
            $"{mark}-arm", RobotModels.So101, new MasterBinding("leader"), [.. slaves], 59_000_000, true, 7, new RoomName("lab", mark))));
        await store.SaveFleetAsync(stopped: false, CancellationToken.None);
        var command = new SequenceCommand(TimeSpan.Zero, [new JointGoal("gripper", 5)], TimeSpan.FromMilliseconds(100), """{"by":"hand"}""");
        await library.PutAsync(
            new Sequence($"{mark}-move", mark, [command], true, TimeSpan.FromMilliseconds(500)), null, CancellationToken.None);
        await keys.MakeAsync(mark, Role.Admin, null, keepAdmin: false, CancellationToken.None);
    }

    /// <summary>Loads everything anew, as a start does; each entity by its kind, as text.</summary>
    public async Task<ILookup<string, string>> LoadAsync()
    {
        using var data = new DataFolder(Path);
        using var store = new DocumentStore(data, Logs.For<DocumentStore>());
        using var library = new SequenceLibrary(data, Logs.For<SequenceLibrary>());
        using var files = new KeyFiles(data, Logs.For<KeyFiles>());
        using var keys = new KeyRing(files, TimeProvider.System, Logs.For<KeyRing>());
        var stored = store.Load();
        foreach (var robot in stored.Robots)
            _ = new RobotCore(robot, stored.FleetStopped, new RobotTiming());
        await library.StartAsync(CancellationToken.None);
        await keys.RefreshAsync(CancellationToken.None);
        var sequences = await library.ListAsync(CancellationToken.None);
        var kept = await Task.WhenAll(sequences.Select(id => library.FindAsync(id, CancellationToken.None).AsTask()));
        return stored.Robots.Select(robot => ("robots", $"{robot.Id} {robot.Version}"))
            .Append(("fleet", $"{stored.FleetStopped}"))
            .Concat(kept.Where(one => !one!.IsBuiltIn).Select(one => ("sequences", $"{one!.Sequence.Name} {one.Version}")))
            .Concat(keys.All.Select(key => ("keys", $"{key.Name} {key.Role}")))
            .ToLookup(entity => entity.Item1, entity => entity.Item2);
    }

    public void Dispose()
    {
        folder.Dispose();
        Logs.Dispose();
    }
}

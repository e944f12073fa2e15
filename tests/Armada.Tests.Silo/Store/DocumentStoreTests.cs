using Armada.Core.Robots;
using Armada.Silo.Options;
using Armada.Silo.Store;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Silo.Store;

public sealed class DocumentStoreTests : IDisposable
{
    private const int Damaged = 1001;

    private static readonly RobotDocument Robot =
        new("arm", RobotModels.So101, new MasterBinding("leader"), [new SlaveBinding("follower")], 59_000_000, true, 7);

    private readonly TempFolder folder = new();
    private readonly FailOnLoggedErrors logs = new();
    private DataFolder? data;

    [Fact]
    public async Task A_robot_comes_back_as_it_was_stored()
    {
        using (var store = Open())
            Assert.Null(await store.SaveAsync(Robot));

        using var again = Open();
        var loaded = Assert.Single(again.Load().Robots);

        Assert.Equal(Robot with { Model = loaded.Model, Slaves = loaded.Slaves }, loaded);
        Assert.Equal(Robot.Model.Joints.AsEnumerable(), loaded.Model.Joints.AsEnumerable());
        Assert.Equal(Robot.Slaves.AsEnumerable(), loaded.Slaves.AsEnumerable());
    }

    [Fact]
    public async Task A_second_damage_does_not_overwrite_the_first_one()
    {
        logs.Expect(Damaged);
        using var store = Open();
        foreach (var content in new[] { "one", "two" })
        {
            await File.WriteAllTextAsync(PathOf("arm"), content);
            store.Load();
        }

        Assert.Equal("one", await File.ReadAllTextAsync(PathOf("arm") + ".damaged-1"));
        Assert.Equal("two", await File.ReadAllTextAsync(PathOf("arm") + ".damaged-2"));
    }

    [Fact]
    public async Task A_damaged_fleet_file_means_stopped_until_a_reset()
    {
        logs.Expect(Damaged);
        using var store = Open();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "fleet.json"), "?");

        Assert.True(store.Load().FleetStopped);
        Assert.True(store.Load().FleetStopped);
        File.Delete(Path.Combine(folder.Path, "fleet.json")); // As if the power had been cut before the stop was written.
        Assert.True(store.Load().FleetStopped);
        await store.SaveFleetAsync(stopped: false, CancellationToken.None);
        Assert.False(store.Load().FleetStopped);
    }

    [Fact]
    public void A_folder_has_one_silo()
    {
        using var data = new DataFolder(folder.Path);

        var refused = Assert.Throws<SiloOptionsException>(() => new DataFolder(folder.Path));

        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_robot_stays_removed()
    {
        using var store = Open();
        Assert.Null(await store.SaveAsync(Robot));
        await store.DeleteAsync("arm", CancellationToken.None);

        Assert.Empty(store.Load().Robots);
    }

    public void Dispose()
    {
        data?.Dispose();
        folder.Dispose();
        logs.Dispose();
    }

    private string PathOf(string robot) => Path.Combine(folder.Path, "robots", robot + ".json");

    private DocumentStore Open()
    {
        data ??= new DataFolder(folder.Path);
        return new(data, logs.For<DocumentStore>());
    }
}

using System.Text;
using Armada.Grains.Storage;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Sqlite;

/// <summary>
/// Files of every version that was ever written (Golden/version-N.sql, each with the same two documents) are read by this release. A
/// golden file is never changed; a new version has a new one.
/// </summary>
public sealed class SchemaTests
{
    public static TheoryData<int> Versions() => [.. Enumerable.Range(1, SqliteSchema.Current)];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_file_of_any_version_is_brought_to_the_present_one_with_everything_in_it(int version)
    {
        await using var file = new SqliteFile();
        SqliteFile.Sql<object>(file.Path, Golden(version));
        await file.OpenAsync();

        var state = new GrainState<ArmState>();
        await file.Grains.ReadStateAsync("arm", OrleansParts.Arm("one"), state);
        Assert.Equal((1, "0123456789abcdef0123456789abcdef"), (state.State!.Version, state.ETag));
        Assert.True(state.State.IsWhole);
        state.State = ArmState.Of(2);
        await file.Grains.WriteStateAsync("arm", OrleansParts.Arm("one"), state);

        var aside = Assert.Single(await new SqliteStateQuarantine(file.Database, SqliteFile.Service, TimeProvider.System).ListAsync());
        Assert.Equal(("two", "refused", "e2"), (aside.GrainId.Key.ToString(), aside.Reason, aside.ETag));

        var audit = new SqliteAuditStore(file.Database, new AuditRetention(), TimeProvider.System);
        await audit.AppendAsync([new(DateTimeOffset.UtcNow, "ann", "Operator", "", "stop", "one")]);
        Assert.Equal("stop", Assert.Single(await audit.ReadAsync(new AuditQuery())).Entry.What);

        Assert.Equal(SqliteSchema.Current, file.Sql<long>("PRAGMA user_version"));
        Assert.Equal(await FreshSchemaAsync(), Schema(file));
    }

    [Fact]
    public async Task The_newest_golden_file_is_what_this_release_writes()
    {
        await using var file = new SqliteFile();
        SqliteFile.Sql<object>(file.Path, Golden(SqliteSchema.Current));
        Assert.Equal(await FreshSchemaAsync(), Schema(file));
        Assert.Equal(SqliteSchema.ApplicationId, file.Sql<long>("PRAGMA application_id"));
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_the_older_file()
    {
        await using var file = new SqliteFile();
        SqliteFile.Sql<object>(file.Path, Golden(1));
        SqliteFile.Sql<object>(file.Path, "CREATE TABLE audit (in_the_way TEXT)");

        await Assert.ThrowsAsync<StorageUnusableException>(() => file.OpenAsync());

        Assert.Equal(1, file.Sql<long>("PRAGMA user_version"));
        SqliteFile.Sql<object>(file.Path, "DROP TABLE audit");
        await file.OpenAsync();
    }

    [Fact]
    public async Task A_migration_is_logged()
    {
        var logs = new RecordedLog();
        await using var file = new SqliteFile(logs);
        SqliteFile.Sql<object>(file.Path, Golden(1));
        await file.OpenAsync();
        Assert.Equal(
            Enumerable.Range(1, SqliteSchema.Current - 1)
                .Select(from => $"Database {file.Path} was brought from schema version {from} to {from + 1}"),
            logs.Of(2300));
    }

    private static async Task<string> FreshSchemaAsync()
    {
        await using var fresh = await SqliteFile.OpenedAsync();
        return Schema(fresh);
    }

    private static string Schema(SqliteFile file) => file.Sql<string>(
        "SELECT group_concat(name || ': ' || COALESCE(sql, '-'), char(10)) FROM (SELECT name, sql FROM sqlite_schema ORDER BY name)")!;

    private static string Golden(int version)
    {
        using var script = typeof(SchemaTests).Assembly.GetManifestResourceStream($"version-{version}.sql")!;
        return new StreamReader(script, Encoding.UTF8).ReadToEnd();
    }
}

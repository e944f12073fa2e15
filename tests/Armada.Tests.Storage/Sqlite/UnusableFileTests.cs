using System.Diagnostics;
using System.Text;
using Armada.Grains.Storage;
using Armada.Testing;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Sqlite;

/// <summary>A file that cannot be used: what is said of it, and that it stays as it is.</summary>
public sealed class UnusableFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string FilePath => folder.File("armada.db");

    [Fact]
    public async Task A_file_of_a_newer_release_is_refused()
    {
        await MakeAsync();
        SqliteFile.Sql<object>(FilePath, "PRAGMA user_version = 99");

        await RefusesAsync(
            $"database '{FilePath}' has schema version 99, and this release knows versions up to {SqliteSchema.Current}; "
            + "start the release that wrote it, or restore the backup from before that release");
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        SqliteFile.Sql<object>(FilePath, "CREATE TABLE bookmarks (url TEXT)");
        await RefusesAsync($"database '{FilePath}' belongs to another program; name another file");
    }

    [Fact]
    public async Task What_is_no_database_is_refused()
    {
        await File.WriteAllTextAsync(FilePath, string.Join('\n', Enumerable.Repeat("These are my holidays.", 500)));
        await RefusesAsync(
            $"database '{FilePath}' cannot be used: it is not a SQLite database, or its header is damaged; restore a backup, "
            + $"or move the file away and run: sqlite3 <moved file> .recover | sqlite3 '{FilePath}'");
    }

    [Fact]
    public async Task A_damaged_header_is_refused()
    {
        await MakeAsync();
        var content = await File.ReadAllBytesAsync(FilePath);
        content[3] ^= 0x40;
        await File.WriteAllBytesAsync(FilePath, content);

        await RefusesAsync($"database '{FilePath}' cannot be used: it is not a SQLite database, or its header is damaged; restore");
    }

    [Fact]
    public async Task A_damaged_table_of_grain_state_is_refused()
    {
        await MakeAsync();
        var page = SqliteFile.Sql<long>(FilePath, "SELECT rootpage FROM sqlite_schema WHERE name = 'grain_state'");
        var content = await File.ReadAllBytesAsync(FilePath);
        content.AsSpan((int)(page - 1) * 4096, 64).Fill(0xA5);
        await File.WriteAllBytesAsync(FilePath, content);

        var said = await RefusesAsync($"database '{FilePath}' ");
        Assert.Contains(" is damaged", said, StringComparison.Ordinal);
        Assert.EndsWith($"; {SqliteFailure.Recover(FilePath)}", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_audit_log_keeps_no_robot_from_starting()
    {
        await MakeAsync();
        var page = SqliteFile.Sql<long>(FilePath, "SELECT rootpage FROM sqlite_schema WHERE name = 'audit'");
        var content = await File.ReadAllBytesAsync(FilePath);
        content.AsSpan((int)(page - 1) * 4096, 4096).Fill(0xA5);
        await File.WriteAllBytesAsync(FilePath, content);

        await using var database = SqliteFile.New(FilePath);
        await database.OpenAsync();
        var grains = SqliteFile.GrainsOf(database);
        var state = new GrainState<ArmState>();
        await grains.ReadStateAsync("arm", OrleansParts.Arm("0"), state);
        Assert.Equal(1, state.State!.Version);
        await grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
        var audit = new SqliteAuditStore(database, new AuditRetention(), TimeProvider.System);
        await Assert.ThrowsAsync<StorageReadException>(() => audit.ReadAsync(new AuditQuery()));
        await Assert.ThrowsAsync<StorageWriteException>(() => audit.AppendAsync([new(DateTimeOffset.UtcNow, "", "", "", "", "")]));
        await grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
    }

    [Fact]
    public async Task A_folder_that_is_missing_is_named()
    {
        var path = Path.Combine(folder.Path, "missing", "armada.db");
        var said = await FailsAsync(path);
        Assert.StartsWith($"database '{path}' cannot be created: ", said, StringComparison.Ordinal);
        Assert.EndsWith("Check that its folder exists and can be written", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_the_place_of_the_file_is_named() =>
        Assert.StartsWith($"database '{folder.Path}' cannot be created: ", await FailsAsync(folder.Path), StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_that_is_read_only_is_named(bool hasFile)
    {
        if (hasFile)
            await MakeAsync();
        using var readOnly = await ReadOnlyFolder.MakeAsync(folder.Path);

        var said = await FailsAsync(FilePath);

        Assert.StartsWith($"database '{FilePath}' ", said, StringComparison.Ordinal);
        if (hasFile)
            Assert.Matches("cannot be used: it or its folder (is read-only|cannot be opened); ", said);
        else
            Assert.EndsWith("Check that its folder exists and can be written", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_file_is_what_an_end_at_the_very_beginning_leaves_and_is_used()
    {
        await File.WriteAllBytesAsync(FilePath, []);
        await MakeAsync();
        Assert.Equal(SqliteSchema.Current, SqliteFile.Sql<long>(FilePath, "PRAGMA user_version"));
    }

    [Fact]
    public async Task Whatever_byte_is_flipped_no_wrong_document_is_read_and_none_is_missing_unnoticed()
    {
        var random = new Random(3);
        await MakeAsync(count: 40);
        var healthy = await File.ReadAllBytesAsync(FilePath);
        var (refused, named, unharmed) = (0, 0, 0);
        for (var round = 0; round < 200; round++)
        {
            var damaged = healthy.ToArray();
            var position = round < 100 ? round : random.Next(damaged.Length);
            damaged[position] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(FilePath, damaged);
            await using var database = SqliteFile.New(FilePath);
            try
            {
                await database.OpenAsync();
            }
            catch (StorageUnusableException)
            {
                refused++;
                await database.DisposeAsync();
                Assert.Equal(damaged, await File.ReadAllBytesAsync(FilePath));
                continue;
            }

            var unreadable = 0;
            var grains = SqliteFile.GrainsOf(database);
            for (var index = 0; index < 40; index++)
            {
                try
                {
                    var state = new GrainState<ArmState>();
                    await grains.ReadStateAsync("arm", OrleansParts.Arm($"{index}"), state);
                    var isRight = state.State!.Version == index + 1 && state.State.IsWhole;
                    Assert.True(isRight, $"arm {index} is wrong after byte {position} was flipped");
                }
                catch (Exception error) when (error is UnreadableStateException or StorageReadException)
                {
                    unreadable++;
                }
            }

            _ = unreadable > 0 ? named++ : unharmed++;
        }

        Assert.True(refused > 0 && named > 0 && unharmed > 0, $"{refused} refused, {named} named, {unharmed} unharmed");
    }

    public void Dispose() => folder.Dispose();

    private async Task MakeAsync(int count = 1)
    {
        await using var database = SqliteFile.New(FilePath);
        await database.OpenAsync();
        var grains = SqliteFile.GrainsOf(database);
        for (var index = 0; index < count; index++)
        {
            var state = new GrainState<ArmState>(ArmState.Of(index + 1, size: 1_000));
            await grains.WriteStateAsync("arm", OrleansParts.Arm($"{index}"), state);
        }
    }

    private async Task<string> RefusesAsync(string begin)
    {
        var before = await File.ReadAllBytesAsync(FilePath);
        var said = await FailsAsync(FilePath);
        Assert.StartsWith(begin, said, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(FilePath));
        Assert.All(Directory.EnumerateFiles(folder.Path), path => Assert.StartsWith(FilePath, path, StringComparison.Ordinal));
        return said;
    }

    private static async Task<string> FailsAsync(string path)
    {
        await using var database = SqliteFile.New(path);
        var error = await Assert.ThrowsAsync<StorageUnusableException>(database.OpenAsync);
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    /// <summary>Root may write everywhere but on a file system that is mounted read-only; others may not where the mode says so.</summary>
    private sealed class ReadOnlyFolder(string path) : IDisposable
    {
        private static readonly UnixFileMode ReadAndEnter = UnixFileMode.UserRead | UnixFileMode.UserExecute;

        public static async Task<ReadOnlyFolder> MakeAsync(string path)
        {
            if (!Environment.IsPrivilegedProcess)
            {
                File.SetUnixFileMode(path, ReadAndEnter);
                return new ReadOnlyFolder(path);
            }

            await RunAsync("mount", "--bind", path, path);
            await RunAsync("mount", "-o", "remount,ro,bind", path);
            return new ReadOnlyFolder(path);
        }

        public void Dispose()
        {
            if (Environment.IsPrivilegedProcess)
                RunAsync("umount", path).GetAwaiter().GetResult();
            else
                File.SetUnixFileMode(path, ReadAndEnter | UnixFileMode.UserWrite);
        }

        private static async Task RunAsync(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var said = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, new StringBuilder(program).Append(": ").Append(said).ToString());
        }
    }
}

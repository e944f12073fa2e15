using System.Diagnostics;
using System.Globalization;
using Armada.Grains.Storage;
using Armada.Testing;
using Armada.Testing.Processes;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Sqlite;

/// <summary>
/// A disk without room: as SQLite reports it (a limit of its pages), as a real one (a file system of one megabyte; root only), and as
/// an error of the disk (a limit of the process' file sizes).
/// </summary>
public sealed class FullDiskTests
{
    private const int NotWritten = 2301;
    private const int WrittenAgain = 2302;

    private readonly RecordedLog logs = new();

    [Fact]
    public async Task A_write_without_room_is_refused_by_name_and_the_next_one_with_room_succeeds()
    {
        await using var file = await SqliteFile.OpenedAsync(logs);
        var state = new GrainState<ArmState>(ArmState.Of(1));
        await WriteAsync(file, state);
        await LimitAsync(file, file.Sql<long>("PRAGMA page_count"));

        state.State = ArmState.Of(2, size: 100_000);
        var refused = await Assert.ThrowsAsync<StorageWriteException>(() => WriteAsync(file, state));

        Assert.Equal(
            $"database '{file.Path}' could not be written: the disk is full; free some space; nothing else is needed", refused.Message);
        Assert.Equal(refused.Message, file.Database.WriteFailure);
        await Assert.ThrowsAsync<StorageWriteException>(() => WriteAsync(file, state));
        Assert.Equal(1, await VersionAsync(file));
        await LimitAsync(file, 10_000);
        await WriteAsync(file, state);

        Assert.Null(file.Database.WriteFailure);
        Assert.Single(logs.Of(NotWritten)); // Of many failures the first is told, and the end.
        Assert.Single(logs.Of(WrittenAgain));
        await file.ReopenAsync();
        Assert.Equal(2, await VersionAsync(file));
    }

    [Fact]
    public async Task Of_writes_that_are_committed_together_only_the_one_without_room_is_refused()
    {
        await using var file = await SqliteFile.OpenedAsync(logs);
        await LimitAsync(file, file.Sql<long>("PRAGMA page_count") + 3);
        using var blocked = new ManualResetEventSlim();
        var blocking = file.Database.WriteAsync(_ => blocked.Wait(TimeSpan.FromSeconds(30)));

        var small = Enumerable.Range(0, 5).Select(index => file.Grains.WriteStateAsync(
            "arm", OrleansParts.Arm($"{index}"), new GrainState<ArmState>(ArmState.Of(1)))).ToList();
        var large = file.Grains.WriteStateAsync("arm", OrleansParts.Arm("large"), new GrainState<ArmState>(ArmState.Of(1, size: 200_000)));
        small.AddRange(Enumerable.Range(5, 5).Select(index => file.Grains.WriteStateAsync(
            "arm", OrleansParts.Arm($"{index}"), new GrainState<ArmState>(ArmState.Of(1)))));
        blocked.Set();

        await Eventually.Happens("the writes with room are acknowledged", Task.WhenAll([blocking, .. small]));
        await Assert.ThrowsAsync<StorageWriteException>(() => large);
        Assert.Equal(10, file.Sql<long>("SELECT COUNT(*) FROM grain_state"));
    }

    [SkippableFact]
    public async Task On_a_file_system_that_is_full_nothing_acknowledged_is_lost_and_it_goes_on_when_there_is_room()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), "mounting a small file system needs root");
        using var folder = new TempFolder();
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.Path);
        try
        {
            var database = SqliteFile.New(folder.File("armada.db"), logs);
            await database.OpenAsync();
            var grains = SqliteFile.GrainsOf(database);
            var state = new GrainState<ArmState>(new ArmState());
            var ballast = folder.Write("ballast", new string('x', 300_000));
            var refused = 0;
            var acknowledged = 0;
            for (var version = 1; refused < 3; version++)
            {
                state.State = ArmState.Of(version, size: 30_000);
                try
                {
                    await grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
                    Assert.Equal(0, refused);
                    acknowledged = version;
                }
                catch (StorageWriteException full)
                {
                    Assert.EndsWith("the disk is full; free some space; nothing else is needed", full.Message, StringComparison.Ordinal);
                    refused++;
                }

                var read = new GrainState<ArmState>();
                await grains.ReadStateAsync("arm", OrleansParts.Arm("0"), read);
                Assert.Equal(acknowledged, read.State!.Version);
                Assert.True(acknowledged == 0 || read.State.IsWhole);
            }

            File.Delete(ballast);
            state.State = ArmState.Of(acknowledged + 1, size: 30_000);
            await grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
            await database.DisposeAsync();

            database = SqliteFile.New(folder.File("armada.db"), logs);
            await database.OpenAsync();
            grains = SqliteFile.GrainsOf(database);
            await grains.ReadStateAsync("arm", OrleansParts.Arm("0"), state);
            Assert.Equal(acknowledged + 1, state.State!.Version);
            await database.DisposeAsync();
        }
        finally
        {
            await RunAsync("umount", folder.Path);
        }
    }

    [Fact]
    public async Task An_error_of_the_disk_is_refused_by_name_and_it_goes_on_when_the_disk_does()
    {
        await using var file = new SqliteFile();
        await using (var child = ChildProgram.WriteOnDemand(file.Path))
        {
            await child.PrintsAsync("^ready", TimeSpan.FromSeconds(30));
            await child.WriteLineAsync("write");
            await child.PrintsAsync("^stored 1$");
            var pid = child.Id.ToString(CultureInfo.InvariantCulture);
            await RunAsync("prlimit", "--pid", pid, "--fsize=1000:unlimited");
            await child.WriteLineAsync("write");
            var refused = await child.PrintsAsync("^refused 2");
            Assert.Matches("could not be written: the disk reported an error \\(SQLite code \\d+\\); check the disk, its quota", refused);

            await RunAsync("prlimit", "--pid", pid, "--fsize=unlimited:unlimited");
            await child.WriteLineAsync("write");
            await child.PrintsAsync("^stored 3$");
            await child.SendAsync(Signal.Kill);
            await child.ExitsAsync();
        }

        await file.OpenAsync();
        Assert.Equal(3, await VersionAsync(file));
    }

    private static Task WriteAsync(SqliteFile file, GrainState<ArmState> state) =>
        file.Grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);

    private static async Task<int> VersionAsync(SqliteFile file)
    {
        var read = new GrainState<ArmState>();
        await file.Grains.ReadStateAsync("arm", OrleansParts.Arm("0"), read);
        Assert.True(read.State!.IsWhole);
        return read.State.Version;
    }

    private static Task<long> LimitAsync(SqliteFile file, long pages) =>
        file.Database.WriteAsync(session => session.Number(FormattableString.Invariant($"PRAGMA max_page_count = {pages}")));

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {said}");
    }
}

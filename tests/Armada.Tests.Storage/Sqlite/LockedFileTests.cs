using System.Diagnostics;
using Armada.Grains.Storage;
using Armada.Testing;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Sqlite;

/// <summary>A file that another process has locked.</summary>
public sealed class LockedFileTests
{
    [Fact]
    public async Task A_lock_of_a_moment_delays_the_opening()
    {
        await using var file = await MadeAsync();
        await using var holder = ChildProgram.Hold(file.Path, "EXCLUSIVE");
        await holder.PrintsAsync("^held$", TimeSpan.FromSeconds(30));

        var opening = file.OpenAsync(lockTimeout: TimeSpan.FromSeconds(30));
        Assert.False(opening.IsCompleted);
        await holder.WriteLineAsync("release");

        await opening;
    }

    [Fact]
    public async Task A_lasting_lock_is_named_in_one_line_and_the_file_stays_as_it_is()
    {
        await using var file = await MadeAsync();
        await using var holder = ChildProgram.Hold(file.Path, "EXCLUSIVE");
        await holder.PrintsAsync("^held$", TimeSpan.FromSeconds(30));
        var before = await File.ReadAllBytesAsync(file.Path);
        var began = Stopwatch.GetTimestamp();

        var refused = await Assert.ThrowsAsync<StorageUnusableException>(() => file.OpenAsync(lockTimeout: TimeSpan.FromSeconds(1)));

        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
        Assert.Equal(
            $"database '{file.Path}' cannot be used: another process has locked it; "
            + "end that process, or wait until it is done, and try again",
            refused.Message);
        await holder.WriteLineAsync("release");
        await holder.ExitsAsync();
        Assert.Equal(before, await File.ReadAllBytesAsync(file.Path));
        await file.OpenAsync();
    }

    [Fact]
    public async Task A_write_waits_for_a_lock_of_a_moment_and_is_refused_at_a_lasting_one()
    {
        await using var file = await MadeAsync();
        await file.OpenAsync(lockTimeout: TimeSpan.FromSeconds(1));
        var state = new GrainState<ArmState>(ArmState.Of(1));
        await using (var holder = ChildProgram.Hold(file.Path, "IMMEDIATE"))
        {
            await holder.PrintsAsync("^held$", TimeSpan.FromSeconds(30));
            var refused = await Assert.ThrowsAsync<StorageWriteException>(() => WriteAsync(file, state));
            Assert.Contains("could not be written: another process has locked it", refused.Message, StringComparison.Ordinal);
            await file.Grains.ReadStateAsync("arm", OrleansParts.Arm("0"), new GrainState<ArmState>()); // Reads go on.
            await holder.WriteLineAsync("release");
            await holder.ExitsAsync();
        }

        await WriteAsync(file, state);
        await file.CloseAsync();
        await file.OpenAsync(lockTimeout: TimeSpan.FromSeconds(30));
        await using (var holder = ChildProgram.Hold(file.Path, "IMMEDIATE"))
        {
            await holder.PrintsAsync("^held$", TimeSpan.FromSeconds(30));
            var writing = WriteAsync(file, state);
            Assert.False(writing.IsCompleted);
            await holder.WriteLineAsync("release");
            await Eventually.Happens("the write succeeds", writing, TimeSpan.FromSeconds(30));
        }
    }

    private static async Task<SqliteFile> MadeAsync()
    {
        var file = await SqliteFile.OpenedAsync();
        await file.CloseAsync();
        return file;
    }

    private static Task WriteAsync(SqliteFile file, GrainState<ArmState> state) =>
        file.Grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
}

using Armada.Testing;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Sqlite;

/// <summary>
/// A write is a row of steps, each of which puts some bytes at the end of the log; a checkpoint then puts the log's pages into the file.
/// These tests end at every such step.
/// </summary>
public sealed class CutWriteTests : IDisposable
{
    private const int Writes = 7;

    // Of a page in the log: its header, and the page.
    private const int FrameHeader = 24;
    private const int Page = 4096;
    private const int LogHeader = 32;

    private readonly TempFolder folder = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_end_at_any_step_of_a_write_leaves_exactly_what_was_acknowledged_before(bool tornTail)
    {
        var (file, log, acknowledged) = await WriteAsync();
        var random = new Random(1);
        int[] ends = [FrameHeader / 2, FrameHeader, FrameHeader + (Page / 2), FrameHeader + Page];
        int[] steps =
        [
            0, LogHeader / 2, LogHeader,
            .. Enumerable.Range(0, (log.Length - LogHeader) / (FrameHeader + Page))
                .Select(frame => LogHeader + (frame * (FrameHeader + Page)))
                .SelectMany(begin => ends.Select(end => begin + end)),
        ];
        foreach (var step in steps)
        {
            var cut = log[..step];
            if (tornTail)
            {
                // A power cut in the middle of the next write: the disk has some of it and rubbish.
                var tail = new byte[random.Next(1, 3 * Page)];
                random.NextBytes(tail);
                cut = [.. cut, .. tail];
            }

            var expected = acknowledged.Count(length => length <= step);
            Assert.Equal(expected, await VersionAsync(file, cut));
        }
    }

    [Fact]
    public async Task An_end_in_the_middle_of_a_checkpoint_loses_nothing()
    {
        var (before, log, _) = await WriteAsync();
        var path = Write("after.db", before, log);
        Assert.NotNull(SqliteFile.Sql<object>(path, "PRAGMA wal_checkpoint(TRUNCATE)"));
        var after = await File.ReadAllBytesAsync(path);
        Assert.NotEqual(before.Length, after.Length);
        var random = new Random(2);
        for (var round = 0; round < 40; round++)
        {
            var pages = random.Next(before.Length / Page, (after.Length / Page) + 1);
            var half = new byte[pages * Page];
            for (var page = 0; page < pages; page++)
            {
                var source = random.Next(2) == 0 && (page + 1) * Page <= before.Length ? before : after;
                source.AsSpan(page * Page, Page).CopyTo(half.AsSpan(page * Page));
            }

            Assert.Equal(Writes, await VersionAsync(half, log));
        }
    }

    public void Dispose() => folder.Dispose();

    /// <summary>The file, its log, and the log's length at each acknowledgement.</summary>
    private static async Task<(byte[] File, byte[] Log, List<long> Acknowledged)> WriteAsync()
    {
        await using var source = await SqliteFile.OpenedAsync();
        await source.ReopenAsync(); // With an empty log.
        var state = new GrainState<ArmState>(new ArmState());
        var acknowledged = new List<long>();
        for (var version = 1; version <= Writes; version++)
        {
            state.State = ArmState.Of(version, size: version * 1500);
            await source.Grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
            acknowledged.Add(new FileInfo(source.Path + "-wal").Length);
        }

        return (await ReadSharedAsync(source.Path), await ReadSharedAsync(source.Path + "-wal"), acknowledged);
    }

    private static async Task<int> VersionAsync(byte[] file, byte[] log)
    {
        await using var left = new SqliteFile();
        await File.WriteAllBytesAsync(left.Path, file);
        await File.WriteAllBytesAsync(left.Path + "-wal", log);
        await left.OpenAsync();
        var state = new GrainState<ArmState>();
        await left.Grains.ReadStateAsync("arm", OrleansParts.Arm("0"), state);
        Assert.True(state.State!.Version == 0 || state.State.IsWhole);

        // And it goes on from there.
        var version = state.State.Version;
        state.State = ArmState.Of(version + 1);
        await left.Grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
        return version;
    }

    private string Write(string name, byte[] file, byte[] log)
    {
        File.WriteAllBytes(folder.File(name), file);
        File.WriteAllBytes(folder.File(name + "-wal"), log);
        return folder.File(name);
    }

    private static async Task<byte[]> ReadSharedAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var content = new byte[file.Length];
        await file.ReadExactlyAsync(content);
        return content;
    }
}

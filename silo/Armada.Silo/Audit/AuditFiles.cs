using System.Globalization;
using Armada.Silo.Store;

namespace Armada.Silo.Audit;

/// <summary>
/// The trail on disk: files of JSON lines, each named by its first record's number, written at the end only. The oldest file goes when
/// there are too many. One thread appends; any thread reads.
/// </summary>
internal sealed partial class AuditFiles : IDisposable
{
    private const string Ending = ".jsonl";

    private readonly string folder;
    private readonly AuditSize size;
    private readonly ILogger logger;
    private readonly Lock sync = new();
    private readonly List<string> paths = [];
    private FileStream? newest;
    private long good;

    /// <summary>Opens the trail; what a cut write left at its end is set aside.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public AuditFiles(string folder, AuditSize size, ILogger logger)
    {
        (this.folder, this.size, this.logger) = (folder, size, logger);
        paths.AddRange(Directory.EnumerateFiles(folder, "*" + Ending).Order(StringComparer.Ordinal));
        if (paths.Count == 0)
            return;
        newest = new FileStream(paths[^1], FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        var content = new byte[newest.Length];
        newest.ReadExactly(content);
        good = content.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (good < content.Length)
            SetAside(content.AsSpan((int)good));
        NextSeq = ReadBackwards().FirstOrDefault() is { } last ? last.Seq + 1 : FirstOf(paths[^1]);
    }

    /// <summary>Number of the first record that is not there yet.</summary>
    public long NextSeq { get; private set; } = 1;

    /// <summary>Writes records at the end and makes them durable.</summary>
    /// <exception cref="IOException">The disk refused; none of them is there, and they may be appended again.</exception>
    public void Append(IReadOnlyList<AuditRecord> records)
    {
        if (newest is null || good >= size.FileBytes)
            Begin(records[0].Seq);
        newest!.SetLength(good); // A write that failed before may have left a part.
        newest.Position = good;
        newest.Write(records.SelectMany(record => record.ToLine()).ToArray());
        newest.Flush(flushToDisk: true);
        good = newest.Position;
        NextSeq = records[^1].Seq + 1;
    }

    /// <summary>Every record, the newest first. Lines that cannot be read are passed over.</summary>
    public IEnumerable<AuditRecord> ReadBackwards()
    {
        string[] files;
        lock (sync)
            files = [.. paths];
        foreach (var path in files.Reverse())
        {
            foreach (var record in ReadBackwards(path))
                yield return record;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => newest?.Dispose();

    private static IEnumerable<AuditRecord> ReadBackwards(string path)
    {
        var content = Content(path);
        var end = content.AsSpan().LastIndexOf((byte)'\n');
        while (end > 0)
        {
            var begin = content.AsSpan(0, end).LastIndexOf((byte)'\n') + 1;
            if (AuditRecord.Read(content.AsSpan(begin, end - begin)) is { } record)
                yield return record;
            end = begin - 1;
        }
    }

    private static byte[] Content(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[file.Length];
            return content[..file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)];
        }
        catch (FileNotFoundException)
        {
            return []; // It was the oldest and has just gone.
        }
    }

    private void Begin(long firstSeq)
    {
        var path = Path.Combine(folder, firstSeq.ToString("D12", CultureInfo.InvariantCulture) + Ending);
        var next = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        DurableFile.FlushFolder(folder);
        newest?.Dispose();
        (newest, good) = (next, 0);
        lock (sync)
        {
            if (paths.LastOrDefault() != path)
                paths.Add(path);
        }

        while (paths.Count > size.Files)
        {
            DurableFile.Delete(paths[0]);
            lock (sync)
                paths.RemoveAt(0);
        }
    }

    private void SetAside(ReadOnlySpan<byte> torn)
    {
        var number = 1;
        while (File.Exists($"{paths[^1]}.torn-{number}"))
            number++;
        var aside = $"{paths[^1]}.torn-{number}";
        DurableFile.Write(aside, torn.ToArray());
        newest!.SetLength(good);
        newest.Flush(flushToDisk: true);
        LogTorn(paths[^1], aside, torn.Length);
    }

    private static long FirstOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? first : 1;

    [LoggerMessage(1200, LogLevel.Warning, "The last line of {Path} was cut after {Bytes} bytes, by a sudden end; it was set aside as {Aside}")]
    private partial void LogTorn(string path, string aside, int bytes);
}

/// <summary>How much of the trail is kept.</summary>
/// <param name="FileBytes">A file of this many bytes is followed by a new one.</param>
/// <param name="Files">Most files; the oldest goes.</param>
internal sealed record AuditSize(long FileBytes = 1024 * 1024, int Files = 32);

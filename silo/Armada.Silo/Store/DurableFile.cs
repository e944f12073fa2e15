using System.Runtime.InteropServices;

namespace Armada.Silo.Store;

/// <summary>A step of a durable write, in order; a power cut after any of them leaves the old content or the new one.</summary>
internal enum WriteStep
{
    /// <summary>The temporary file has the bytes, perhaps only in memory.</summary>
    Written,
    Flushed,
    Renamed,
    FolderFlushed,
}

/// <summary>Files that survive a power cut whole.</summary>
internal static partial class DurableFile
{
    /// <summary>Ending of files that are being written; what is left of one is nothing.</summary>
    public const string TemporaryEnding = ".tmp";

    private const int ReadOnly = 0; // O_RDONLY, the same on every POSIX system

    /// <summary>Writes a file so that it has the old content or the new one at any time, one step after another.</summary>
    /// <param name="mode">Who may use it, from its first byte on; null for whoever the system lets. Windows has no such modes.</param>
    /// <exception cref="IOException">The disk refused; the old content stands.</exception>
    public static IEnumerable<WriteStep> Steps(string path, ReadOnlyMemory<byte> content, UnixFileMode? mode = null)
    {
        var temporary = path + TemporaryEnding;
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            File.Delete(temporary); // One that is left over keeps its own mode.
            options.Mode = FileMode.CreateNew;
            options.UnixCreateMode = mode;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(content.Span);
            yield return WriteStep.Written;
            file.Flush(flushToDisk: true);
            yield return WriteStep.Flushed;
        }

        File.Move(temporary, path, overwrite: true);
        yield return WriteStep.Renamed;
        FlushFolder(Path.GetDirectoryName(path)!);
        yield return WriteStep.FolderFlushed;
    }

    /// <summary>Makes new and removed entries of a folder durable.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS journals the rename itself, and a folder cannot be opened for flushing.
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
            throw new IOException($"cannot open folder '{folder}' to flush it: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (FSync(descriptor) != 0)
                throw new IOException($"cannot flush folder '{folder}': {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

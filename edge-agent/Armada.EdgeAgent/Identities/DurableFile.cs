using System.Runtime.InteropServices;

namespace Armada.EdgeAgent.Identities;

/// <summary>Files that survive a power cut whole. A file that is being written has <see cref="NewEnding"/> after its name.</summary>
internal static partial class DurableFile
{
    /// <summary>Ending of what is not in its place yet.</summary>
    public const string NewEnding = ".new";

    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int ReadOnly = 0; // O_RDONLY, the same on every POSIX system

    /// <summary>Writes a file so that it has the old content or the new one at any time.</summary>
    /// <param name="mode">Who may use it, from its first byte on. Windows has no such modes.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the file is another user's.</exception>
    public static void Write(string path, ReadOnlyMemory<byte> content, UnixFileMode mode = OwnerOnly)
    {
        Complete(NewSteps(path, content, mode));
        Complete(PlaceSteps(path));
    }

    /// <summary>Takes all steps; tests cut them off in between.</summary>
    public static void Complete(IEnumerable<string> steps)
    {
        using var step = steps.GetEnumerator();
        while (step.MoveNext())
        {
        }
    }

    /// <summary>Writes the new content beside the file, durably, one step at a time, by name.</summary>
    public static IEnumerable<string> NewSteps(string path, ReadOnlyMemory<byte> content, UnixFileMode mode = OwnerOnly)
    {
        var name = Path.GetFileName(path) + NewEnding;
        File.Delete(path + NewEnding); // One that is left over keeps its own mode.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using (var file = new FileStream(path + NewEnding, options))
        {
            yield return $"{name} made";
            file.Write(content.Span[..(content.Length / 2)]);
            yield return $"{name} half written";
            file.Write(content.Span[(content.Length / 2)..]);
            yield return $"{name} written";
            file.Flush(flushToDisk: true);
        }

        FlushFolderOf(path);
        yield return $"{name} flushed";
    }

    /// <summary>Puts the new content in the place of the old, durably, one step at a time, by name.</summary>
    public static IEnumerable<string> PlaceSteps(string path)
    {
        var name = Path.GetFileName(path);
        File.Move(path + NewEnding, path, overwrite: true);
        yield return $"{name} in place";
        FlushFolderOf(path);
        yield return $"{name} flushed";
    }

    /// <summary>Deletes a file durably; a missing one is deleted already.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        FlushFolderOf(path);
    }

    private static void FlushFolderOf(string path)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS journals the rename itself, and a folder cannot be opened for flushing.
        var folder = Path.GetDirectoryName(path)!;
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

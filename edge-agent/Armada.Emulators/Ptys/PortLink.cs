namespace Armada.Emulators.Ptys;

/// <summary>A port's stable name: a symbolic link to the terminal of the moment, as udev makes for a real adapter.</summary>
internal sealed class PortLink
{
    private string? target;

    /// <param name="path">Where the link is to be. A link that is there already is replaced; any other file is refused.</param>
    /// <exception cref="IOException">There is a file that is no link, or no such folder.</exception>
    public PortLink(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(System.IO.Path.GetDirectoryName(Path)))
            throw new IOException($"cannot make the port {Path}: its folder does not exist");
        var there = new FileInfo(Path);
        if (Directory.Exists(Path) || (there.Exists && there.LinkTarget is null))
            throw new IOException($"cannot make the port {Path}: there is a file of that name");
    }

    /// <summary>Full path of the link.</summary>
    public string Path { get; }

    /// <summary>Makes the link lead to <paramref name="target"/>; a client finds the old or the new one, never none.</summary>
    public void PointAt(string target)
    {
        var made = $"{Path}.{Environment.ProcessId}";
        File.Delete(made);
        File.CreateSymbolicLink(made, target);
        File.Move(made, Path, overwrite: true);
        this.target = target;
    }

    /// <summary>Removes the link, unless another program has put its own there.</summary>
    public void Remove()
    {
        if (target is not null && new FileInfo(Path).LinkTarget == target)
            File.Delete(Path);
        target = null;
    }
}

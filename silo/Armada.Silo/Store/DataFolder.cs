namespace Armada.Silo.Store;

/// <summary>The folder with everything that survives. One process has it at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream claim;

    /// <exception cref="Options.SiloOptionsException">It cannot be written, or a running silo has it.</exception>
    public DataFolder(string path)
    {
        Path = path;
        try
        {
            Directory.CreateDirectory(path);
            claim = new FileStream(System.IO.Path.Combine(path, "silo.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new Options.SiloOptionsException(
                $"--data '{path}' cannot be used: {refused.Message} Choose a folder that can be written and that no running silo has.",
                refused);
        }
    }

    public string Path { get; }

    /// <summary>A folder in it, made where it is missing.</summary>
    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public void Dispose() => claim.Dispose();
}

namespace Armada.Tests.Silo.Support;

/// <summary>Makes every write of a durable file fail until it is disposed.</summary>
internal sealed class BrokenFile : IDisposable
{
    private readonly DirectoryInfo blocker;

    // A folder in the place of the temporary file: no user, root included, can write a file there.
    public BrokenFile(string path) => blocker = Directory.CreateDirectory(path + ".tmp");

    public void Dispose() => blocker.Delete();
}

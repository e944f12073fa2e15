namespace Armada.Testing;

/// <summary>A folder that is gone after the test.</summary>
public sealed class TempFolder : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("armada-test-").FullName;

    /// <summary>The path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file and gives its path.</summary>
    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose()
    {
        // A process that is just ending may still write into the folder while it is deleted.
        var began = TimeProvider.System.GetTimestamp();
        while (!TryDelete(mayFail: TimeProvider.System.GetElapsedTime(began) < Limit))
            Thread.Sleep(50);
    }

    private bool TryDelete(bool mayFail)
    {
        try
        {
            Directory.Delete(Path, recursive: true);
            return true;
        }
        catch (IOException) when (mayFail)
        {
            return false;
        }
    }
}

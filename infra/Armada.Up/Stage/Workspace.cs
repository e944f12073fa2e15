using System.Net;
using System.Net.Sockets;

namespace Armada.Up.Stage;

/// <summary>The job's temporary folder: configurations, the silo's documents, links to ports, logs. Gone when the job ends well.</summary>
internal sealed class Workspace : IDisposable
{
    /// <summary>Makes the folder.</summary>
    public Workspace() => Folder = Directory.CreateTempSubdirectory("armada-up-").FullName;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Keep the folder, for its logs.</summary>
    public bool Keep { get; set; }

    /// <summary>A path inside.</summary>
    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>Writes a file inside and returns its path.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(Path(name), text);
        return Path(name);
    }

    /// <summary>A TCP port on loopback that nobody uses now; <paramref name="wanted"/> where it is free.</summary>
    public static int FreePort(int wanted = 0)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, wanted);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException) when (wanted != 0)
        {
            return FreePort();
        }
    }

    /// <summary>Removes the folder unless it is to be kept.</summary>
    public void Dispose()
    {
        if (!Keep)
            Directory.Delete(Folder, recursive: true);
    }
}

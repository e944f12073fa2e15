using System.Net.Sockets;

namespace Armada.Mqtt;

/// <summary>Options of a TCP socket that .NET has no name for; on Linux only, elsewhere the system's own ways must do.</summary>
internal static class SocketTuning
{
    private const int LevelTcp = 6;
    private const int QuickAcknowledge = 12;
    private const int UserTimeout = 18;
    private const int NotSentLowWater = 25;
    private static readonly byte[] On = BitConverter.GetBytes(1);

    /// <summary>Lets no more than <paramref name="notSent"/> bytes wait in the kernel, and gives up data unacknowledged for too long.</summary>
    public static void LimitSendQueue(Socket socket, int notSent, TimeSpan unacknowledged)
    {
        if (!OperatingSystem.IsLinux()) return;
        socket.SetRawSocketOption(LevelTcp, NotSentLowWater, BitConverter.GetBytes(notSent));
        socket.SetRawSocketOption(LevelTcp, UserTimeout, BitConverter.GetBytes((int)unacknowledged.TotalMilliseconds));
    }

    /// <summary>Acknowledges at once what has been received; the kernel forgets the wish, so it is told after each read.</summary>
    /// <remarks>
    /// A broker that leaves Nagle's algorithm on (mosquitto's default) holds the next frame back until the last one is acknowledged,
    /// and a receiver that sends little acknowledges only after 40 ms.
    /// </remarks>
    public static void AcknowledgeAtOnce(Socket socket)
    {
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(LevelTcp, QuickAcknowledge, On);
    }
}

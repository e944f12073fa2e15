using System.Net.Sockets;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Robots;

namespace Armada.Silo.Cluster;

/// <summary>What a grain call throws when the grain could not be asked, or may not have been: nothing of it is a fault of the caller.</summary>
internal static class TransientErrors
{
    /// <summary>Whether a call failed on its way, at its end's start, or for want of an answer.</summary>
    public static bool Is(Exception fault) =>
        fault is OrleansException or TimeoutException or IOException or SocketException or ObjectDisposedException
        || fault.GetType().Namespace?.StartsWith("Orleans", StringComparison.Ordinal) == true; // A store's own, from a grain that could not be loaded.

    /// <summary>The answer to who asked; the request may or may not have been done.</summary>
    public static DoorReply Answer(string robot) => DoorReply.Refuse(RefusalReason.Unreachable, Words(robot));

    /// <summary>The same where there is no answer to put it in.</summary>
    public static EngineUnreachableException Throw(string robot, Exception fault) => new(Words(robot), fault);

    private static string Words(string what) =>
        $"{what} cannot be reached now, so it is not known whether this was done; its silo may have ended: ask again in a few seconds";
}

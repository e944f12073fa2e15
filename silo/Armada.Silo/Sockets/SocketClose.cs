namespace Armada.Silo.Sockets;

/// <summary>Why the silo closes a WebSocket: RFC 6455's codes, and those of applications from 4000 on.</summary>
internal static class SocketClose
{
    /// <summary>All is done.</summary>
    public const int Normal = 1000;

    /// <summary>The silo stops.</summary>
    public const int GoingAway = 1001;

    /// <summary>A message that is no text.</summary>
    public const int NotText = 1003;

    /// <summary>What the client asks for when it connects is refused.</summary>
    public const int Refused = 1008;

    /// <summary>A message that is too large.</summary>
    public const int TooLarge = 1009;

    /// <summary>The silo failed.</summary>
    public const int Fault = 1011;

    /// <summary>The client reads too slowly.</summary>
    public const int TooSlow = 1013;

    /// <summary>The key or token is no longer good.</summary>
    public const int Unauthorized = 4401;

    /// <summary>There is no such robot, or no more.</summary>
    public const int RobotUnknown = 4004;

    /// <summary>Another master has taken this one's place.</summary>
    public const int TakenOver = 4009;
}

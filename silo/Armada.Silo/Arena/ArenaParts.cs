using Armada.Core.Engine;
using Armada.Silo.Access;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>What every client's session shares.</summary>
internal sealed record ArenaParts(
    IRobotEngine Engine,
    ArenaRelay Relay,
    ArenaSequences Sequences,
    IAuditTrail Audit,
    SocketLimits Limits,
    ArenaTiming Timing,
    SiloClock Clock,
    ILogger<ArenaSession> Logger);

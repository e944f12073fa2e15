using Armada.Core.Engine;
using Armada.Silo.Access;
using Armada.Silo.Engine;
using Armada.Silo.Options;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>What every participant's session shares.</summary>
internal sealed record RoomParts(
    IRobotEngine Engine,
    RoomCatalog Catalog,
    RoomBoard Board,
    IAuditTrail Audit,
    SiloClock Clock,
    SiloOptions Options,
    SocketLimits Sockets,
    ILogger<RoomSession> Logger);

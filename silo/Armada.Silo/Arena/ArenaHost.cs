using Armada.Silo.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Armada.Silo.Arena;

/// <summary>The parts of the requirement's WebSocket doors.</summary>
internal static class ArenaHost
{
    /// <summary>Adds them.</summary>
    public static void AddArena(this IServiceCollection services)
    {
        services.TryAddSingleton<SocketLimits>();
        services.AddSingleton<ArenaTiming>();
        services.AddSingleton<ArenaRelay>();
        services.AddSingleton<ArenaSequences>();
        services.AddSingleton<ArenaParts>();
        services.AddSingleton<ArenaEndpoint>();
    }
}

using Armada.Core.Engine;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Armada.Silo.Remotes;

/// <summary>The parts of the links to other services' robots.</summary>
internal static class RemoteHost
{
    /// <summary>Adds them; the links end before the engine does, if it is added before them.</summary>
    public static void AddRemotes(this IServiceCollection services)
    {
        services.TryAddSingleton<SocketLimits>();
        services.AddSingleton<RemoteTiming>();
        services.AddSingleton<Func<IRobotEngine>>(provider => provider.GetRequiredService<IRobotEngine>);
        services.AddSingleton<RemoteParts>();
        services.AddSingleton<RemoteSlaves>();
        services.AddSingleton<IRemoteSlaves>(provider => provider.GetRequiredService<RemoteSlaves>());
        services.AddHostedService(provider => provider.GetRequiredService<RemoteSlaves>());
    }
}

using System.Threading.Channels;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Armada.Silo.Remotes;

/// <summary>The parts of the links to other services' robots.</summary>
internal static class RemoteHost
{
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

/// <summary>What every link shares.</summary>
internal sealed record RemoteParts(
    Func<IRobotEngine> Engine, RemoteKeys Keys, SocketLimits Limits, RemoteTiming Timing, SiloClock Clock, ILogger<RemoteSlave> Logger);

/// <summary>Keeps one link for each remote slave that is bound, and ends it when it is not any more.</summary>
internal sealed class RemoteSlaves(RemoteParts parts) : BackgroundService, IRemoteSlaves
{
    private readonly Channel<(string Robot, IReadOnlyList<SlaveBinding> Remotes)> changes =
        Channel.CreateUnbounded<(string, IReadOnlyList<SlaveBinding>)>();

    private readonly Dictionary<(string Robot, string Slave), RemoteSlave> links = [];

    public void Reconcile(string robot, IReadOnlyList<SlaveBinding> remotes) => changes.Writer.TryWrite((robot, remotes));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var (robot, remotes) in changes.Reader.ReadAllAsync(stoppingToken))
                await FollowAsync(robot, remotes);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(links.Values.Select(link => link.DisposeAsync().AsTask()));
            links.Clear();
        }
    }

    private async Task FollowAsync(string robot, IReadOnlyList<SlaveBinding> remotes)
    {
        foreach (var (key, link) in links.Where(entry => entry.Key.Robot == robot && !remotes.Contains(entry.Value.Binding)).ToArray())
        {
            links.Remove(key);
            await link.DisposeAsync();
        }

        foreach (var binding in remotes.Where(binding => !links.ContainsKey((robot, binding.Name))))
            links[(robot, binding.Name)] = new RemoteSlave(robot, binding, parts);
    }
}

/// <summary>How long the silo waits for another service's robot.</summary>
internal sealed record RemoteTiming
{
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan Acknowledge { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Lagging { get; init; } = TimeSpan.FromMilliseconds(300);

    public TimeSpan Ask { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan BackOffFirst { get; init; } = TimeSpan.FromMilliseconds(250);

    public TimeSpan BackOffMost { get; init; } = TimeSpan.FromSeconds(2);
}

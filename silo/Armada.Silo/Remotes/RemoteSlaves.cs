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
        services.AddSingleton<RemoteServices>();
        services.AddSingleton<RemoteSlaves>();
        services.AddSingleton<IRemoteSlaves>(provider => provider.GetRequiredService<RemoteSlaves>());
        services.AddHostedService(provider => provider.GetRequiredService<RemoteSlaves>());
    }
}

/// <summary>What every link shares.</summary>
internal sealed record RemoteServices(
    Func<IRobotEngine> Engine, RemoteKeys Keys, SocketLimits Limits, RemoteTiming Timing, SiloClock Clock, ILogger<RemoteSlave> Logger);

/// <summary>Keeps one link for each remote slave that is bound, and ends it when it is not any more.</summary>
internal sealed class RemoteSlaves(RemoteServices services) : BackgroundService, IRemoteSlaves
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
                await ReconcileAsync(robot, remotes);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(links.Values.Select(link => link.DisposeAsync().AsTask()));
            links.Clear();
        }
    }

    private async Task ReconcileAsync(string robot, IReadOnlyList<SlaveBinding> remotes)
    {
        foreach (var (key, link) in links.Where(entry => entry.Key.Robot == robot && !remotes.Contains(entry.Value.Binding)).ToArray())
        {
            links.Remove(key);
            await link.DisposeAsync();
        }

        foreach (var binding in remotes.Where(binding => !links.ContainsKey((robot, binding.Name))))
            links[(robot, binding.Name)] = new RemoteSlave(robot, binding, services);
    }
}

/// <summary>How long the silo waits for another service's robot.</summary>
internal sealed record RemoteTiming
{
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan AcknowledgeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LaggingAfter { get; init; } = TimeSpan.FromMilliseconds(300);

    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan MinBackOff { get; init; } = TimeSpan.FromMilliseconds(250);

    public TimeSpan MaxBackOff { get; init; } = TimeSpan.FromSeconds(2);
}

using System.Collections.Concurrent;
using System.Threading.Channels;
using Armada.Core.Engine;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

internal static class RemoteHost
{
    public static void AddRemotes(this IServiceCollection services)
    {
        services.AddSingleton<RemoteTiming>();
        services.AddSingleton<Func<IRobotEngine>>(provider => provider.GetRequiredService<IRobotEngine>);
        services.AddSingleton<RemoteServices>();
        services.AddHostedSingleton<RemoteSlaves>();
        services.AddSingleton<IRemoteSlaves>(provider => provider.GetRequiredService<RemoteSlaves>());
    }
}

/// <param name="Engine">Resolved late: the engine is created with the remote slaves.</param>
internal sealed record RemoteServices(
    Func<IRobotEngine> Engine, RemoteKeys Keys, SocketLimits Limits, RemoteTiming Timing, SiloClock Clock, ILogger<RemoteSlave> Logger);

/// <summary>Keeps one connection for each bound remote slave, and ends it when the slave is unbound.</summary>
internal sealed class RemoteSlaves(RemoteServices services) : BackgroundService, IRemoteSlaves
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<SlaveBinding>> bound = new(StringComparer.Ordinal);
    private readonly Channel<string> changed = Channel.CreateUnbounded<string>();
    private readonly Dictionary<(string Robot, string Slave), RemoteSlave> links = [];

    public void Reconcile(string robot, IReadOnlyList<SlaveBinding> remotes)
    {
        bound[robot] = remotes;
        changed.Writer.TryWrite(robot);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await SupervisedLoop.RunAsync("Connecting remote slaves", ReconcileNextAsync, services.Clock.Time, services.Logger, stoppingToken);
        await Task.WhenAll(links.Values.Select(link => link.DisposeAsync().AsTask()));
        links.Clear();
    }

    private async Task ReconcileNextAsync(CancellationToken cancellation)
    {
        var robot = await changed.Reader.ReadAsync(cancellation);
        try
        {
            await ReconcileAsync(robot, bound[robot]);
        }
        catch
        {
            changed.Writer.TryWrite(robot);
            throw;
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

internal sealed record RemoteTiming
{
    /// <summary>The protocol's own clients wait as long; so they do for <see cref="AcknowledgeTimeout"/>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>An unanswered command closes the connection after this time.</summary>
    public TimeSpan AcknowledgeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An unanswered command marks the slave as lagging after this time, and a newer one is sent.</summary>
    public TimeSpan LaggingAfter { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How often joint states are requested.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(100);
    public TimeSpan MinBackOff { get; init; } = TimeSpan.FromMilliseconds(250);
    public TimeSpan MaxBackOff { get; init; } = TimeSpan.FromSeconds(2);
}

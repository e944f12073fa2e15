using System.Threading.Channels;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

/// <summary>What every link shares.</summary>
/// <param name="Engine">The engine; asked for late, for it is made with the links.</param>
/// <param name="Keys">Keys for other services' doors.</param>
/// <param name="Limits">What a socket may take.</param>
/// <param name="Timing">How long to wait for what.</param>
/// <param name="Clock">The time.</param>
/// <param name="Logger">Where the links' lines go.</param>
internal sealed record RemoteParts(
    Func<IRobotEngine> Engine, RemoteKeys Keys, SocketLimits Limits, RemoteTiming Timing, SiloClock Clock, ILogger<RemoteSlave> Logger);

/// <summary>Keeps one link for each remote slave that is bound, and ends it when it is not any more.</summary>
internal sealed class RemoteSlaves(RemoteParts parts) : BackgroundService, IRemoteSlaves
{
    private readonly Channel<(string Robot, IReadOnlyList<SlaveBinding> Remotes)> changes =
        Channel.CreateUnbounded<(string, IReadOnlyList<SlaveBinding>)>();

    private readonly Dictionary<(string Robot, string Slave), RemoteSlave> links = [];

    /// <inheritdoc/>
    public void Reconcile(string robot, IReadOnlyList<SlaveBinding> remotes) => changes.Writer.TryWrite((robot, remotes));

    /// <inheritdoc/>
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

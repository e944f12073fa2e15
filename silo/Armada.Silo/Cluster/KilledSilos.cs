using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace Armada.Silo.Cluster;

/// <summary>
/// Has a silo whose process was killed declared dead at once. Its connections break, and from then on its machine refuses new ones, which
/// no silo that lives does. A silo that hangs, and a machine that is gone, refuse nothing: these are left to Orleans' probes.
/// </summary>
internal sealed partial class KilledSilos(
    IClusterMembershipService membership, ILocalSiloDetails self, TimeProvider time, ILogger<KilledSilos> logger) : BackgroundService
{
    private const int Attempts = 3; // A process that ends closes its connections and its listener one after the other.

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> broken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Watches the connections to and from other silos.</summary>
    public static void Watch(SiloConnectionOptions connections)
    {
        connections.ConfigureSiloOutboundConnection(Watch);
        connections.ConfigureSiloInboundConnection(Watch);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var _ in broken.Reader.ReadAllAsync(stoppingToken))
                await Task.WhenAll(membership.CurrentSnapshot.Members.Keys.Where(IsOther).Select(silo => CheckAsync(silo, stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    private static void Watch(IConnectionBuilder connection)
    {
        var killed = connection.ApplicationServices.GetRequiredService<KilledSilos>();
        connection.Use(next => async context =>
        {
            try
            {
                await next(context);
            }
            finally
            {
                killed.broken.Writer.TryWrite(true);
            }
        });
    }

    private bool IsOther(SiloAddress silo) => !silo.Equals(self.SiloAddress);

    private bool IsActive(SiloAddress silo) => membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Active;

    private async Task CheckAsync(SiloAddress silo, CancellationToken cancellation)
    {
        try
        {
            for (var attempt = 0; attempt < Attempts && IsActive(silo); attempt++)
            {
                if (await IsRefusedAsync(silo.Endpoint, cancellation))
                {
                    await DeclareDeadAsync(silo, cancellation);
                    return;
                }

                await Task.Delay(Pause, time, cancellation);
            }
        }
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
        {
            LogNotDeclared(failed, silo); // The probes find it.
        }
    }

    private async Task DeclareDeadAsync(SiloAddress silo, CancellationToken cancellation)
    {
        await membership.Refresh(default, cancellation);
        if (!IsActive(silo))
            return; // It has ended in order, or another silo was faster.
        LogKilled(silo);
        await membership.TryKill(silo);
    }

    private static async Task<bool> IsRefusedAsync(IPEndPoint endpoint, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectWithin);
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token);
            return false;
        }
        catch (SocketException failed)
        {
            return failed.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(1695, LogLevel.Warning, "Silo {Silo} was killed: its connections broke and its address refuses new ones; it is declared dead")]
    private partial void LogKilled(SiloAddress silo);

    [LoggerMessage(1696, LogLevel.Warning, "Silo {Silo} could not be declared dead; the cluster's probes will find it")]
    private partial void LogNotDeclared(Exception failed, SiloAddress silo);

    [LoggerMessage(1697, LogLevel.Debug, "Connections to other silos are no longer watched")]
    private partial void LogEnded();
}

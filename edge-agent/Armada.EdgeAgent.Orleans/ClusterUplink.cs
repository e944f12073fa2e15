using Armada.Grains.Contracts.Transport;
using Armada.Messaging.Link;
using Armada.Messaging.Uplink;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;
using StackExchange.Redis;

namespace Armada.EdgeAgent.Orleans;

/// <summary>An agent's connection to a cluster's gateways, and every device's stream over it.</summary>
/// <remarks>It never holds the agent up: where the cluster cannot be reached, frames are dropped until it can.</remarks>
public sealed class ClusterUplink : IUplinkHub
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefreshGateways = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(2);

    private readonly IHost client;
    private readonly ClusterContact contact;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource end = new();
    private readonly List<DeviceUplink> devices = [];
    private Task running = Task.CompletedTask;

    private ClusterUplink(ClusterAddress address, ClusterIdentity? identity, ILoggerFactory loggers, TimeProvider time)
    {
        this.time = time;
        contact = new ClusterContact(loggers.CreateLogger<ClusterContact>());
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(orleans => Configure(orleans, address, identity));
        client = builder.Build();
    }

    /// <summary>A connection that is not made yet.</summary>
    /// <param name="address">Where the cluster is.</param>
    /// <param name="loggers">Where it says whether it reaches the cluster.</param>
    /// <param name="time">The clock.</param>
    /// <param name="uplink">The connection, or null.</param>
    /// <returns>Null, or in one line why a certificate or Redis's words cannot be used.</returns>
    public static string? TryMake(ClusterAddress address, ILoggerFactory loggers, TimeProvider time, out ClusterUplink? uplink)
    {
        uplink = null;
        if (address.TryLoad(out var identity) is { } refused)
            return refused;
        uplink = new ClusterUplink(address, identity, loggers, time);
        return null;
    }

    /// <inheritdoc/>
    public IStateUplink Of(string device)
    {
        var made = new DeviceUplink(device, contact, time);
        devices.Add(made);
        return made;
    }

    /// <inheritdoc/>
    public void Start() => running = RunAsync(end.Token);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await running;
        client.Dispose();
        foreach (var device in devices)
            device.Dispose();
        end.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await client.StartAsync(cancellation);
            var calls = new GrainCalls(client.Services.GetRequiredService<IClusterClient>());
            await Task.WhenAll(devices.Select(device => device.RunAsync(calls, cancellation)));
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            // A connection that is being made ends in its own words.
            using var patience = new CancellationTokenSource(LeaveWithin);
            await client.StopAsync(patience.Token);
        }
        catch (Exception fault)
        {
            contact.Ends(fault);
        }
    }

    private void Configure(IClientBuilder orleans, ClusterAddress address, ClusterIdentity? identity)
    {
        orleans.Configure<ClusterOptions>(ids => (ids.ClusterId, ids.ServiceId) = (address.ClusterId, address.ServiceId));
        orleans.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = AnswerWithin);
        orleans.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = RefreshGateways);
        orleans.AddActivityPropagation();
        if (identity is not null)
        {
            orleans.Configure<ClientConnectionOptions>(connections =>
                connections.ConfigureConnection(connection => connection.UseClientTls(identity.Dialling())));
        }

        if (address.Redis is { } redis)
            orleans.UseRedisClustering(clustering => clustering.ConfigurationOptions = ConfigurationOptions.Parse(redis));
        else
            orleans.Services.AddSingleton<IGatewayListProvider>(new NamedGateways(address.Gateways, RefreshGateways));
        var backOff = new BackOff(FirstRetry, LongestRetry, Random.Shared.NextDouble);
        orleans.UseConnectionRetryFilter(async (fault, cancellation) =>
        {
            contact.Fails(fault);
            await Task.Delay(backOff.Next(), time, cancellation);
            return true;
        });
    }
}

using System.Collections.Concurrent;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Microsoft.AspNetCore.Connections;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Server;

namespace Armada.Silo.Mqtt;

/// <summary>The connections that Kestrel accepts, as MQTTnet takes them; each one ends when it is cut, whatever its socket does.</summary>
internal sealed partial class DeviceConnections(
    DeviceRateLimits limits, SiloClock clock, IHostApplicationLifetime host, ILogger<DeviceConnections> logger) : IMqttServerAdapter
{
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<DeviceConnection, bool> open = [];
    private readonly LogPace overRate = new();

    public Func<IMqttChannelAdapter, Task>? ClientHandler { get; set; }

    /// <summary>Called when a connection is over; its last will has been handled.</summary>
    public event Action<DeviceConnection>? Closed;

    /// <summary>Those that are open now, accepted or not yet.</summary>
    public ICollection<DeviceConnection> Open => open.Keys;

    public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger) => Task.CompletedTask;

    public Task StopAsync() => CutAsync(_ => "the silo ends");

    public void Dispose()
    {
    }

    /// <summary>Serves one connection until it ends.</summary>
    public async Task ServeAsync(ConnectionContext context)
    {
        if (ClientHandler is not { } serve)
            return; // The silo is starting or ending.
        DeviceConnection? connection = null;
        using (connection = new DeviceConnection(context, new DeviceRate(limits, clock.Time, () => LogOverRate(connection!)), clock.Time))
        {
            open[connection] = true;
            using var ending = host.ApplicationStopping.UnsafeRegister(static connection => ((DeviceConnection)connection!).Abort("the silo ends"), connection);
            try
            {
                await serve(connection);
            }
            finally
            {
                await connection.CloseAsync();
                open.TryRemove(connection, out _);
                Closed?.Invoke(connection);
                connection.Ended.SetResult();
            }
        }
    }

    /// <summary>The connections of a device that were accepted: its first path, its second, or both.</summary>
    public IEnumerable<DeviceConnection> Of(string device) => open.Keys.Where(connection => connection.Identity?.Name == device);

    /// <summary>Ends those connections for which there is a reason, and waits until they are gone.</summary>
    public async Task CutAsync(Func<DeviceConnection, string?> findReason)
    {
        var cut = new List<DeviceConnection>();
        foreach (var connection in open.Keys)
        {
            if (findReason(connection) is not { } reason)
                continue;
            connection.Abort(reason);
            cut.Add(connection);
        }

        await Task.WhenAll(cut.Select(connection => connection.Ended.Task)).WaitAsync(EndsWithin, clock.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void LogOverRate(DeviceConnection connection)
    {
        if (overRate.IsDue(clock.Now(), out var hidden))
            LogOverRate(connection.Identity?.Name, connection.RemoteEndPoint, hidden);
    }

    [LoggerMessage(1725, LogLevel.Warning, "{Device} at {Address} sends more than its rate; samples are dropped and the rest waits ({Hidden} such lines left out)")]
    private partial void LogOverRate(string? device, System.Net.EndPoint? address, long hidden);
}

using System.Threading.Channels;

namespace Armada.Silo.Ingress;

/// <summary>
/// The way of stops and resets while the silo has no MQTT connection, where there is one: devices may still have theirs. What it does not
/// take is sent again a second later, so it keeps little.
/// </summary>
internal sealed partial class FallbackControlChannel(IServiceProvider services, ILogger<FallbackControlChannel> logger) : IHostedService, IDisposable
{
    private const int Most = 256; // Messages that wait; the oldest goes.

    private readonly IControlFallback? fallback = services.GetService<IControlFallback>();
    private readonly CancellationTokenSource ending = new();
    private readonly Channel<(string Topic, byte[] Payload)> waiting = Channel.CreateBounded<(string, byte[])>(
        new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private Task running = Task.CompletedTask;

    /// <summary>Whether there is such a way.</summary>
    public bool IsThere => fallback is not null;

    /// <summary>Sends a message that way; returns at once.</summary>
    public void Send(string topic, byte[] payload) => waiting.Writer.TryWrite((topic, payload));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (fallback is not null)
            running = RunAsync(fallback);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await ending.CancelAsync();
        await running;
    }

    public void Dispose() => ending.Dispose();

    private async Task RunAsync(IControlFallback way)
    {
        try
        {
            await foreach (var (topic, payload) in waiting.Reader.ReadAllAsync(ending.Token))
            {
                try
                {
                    await way.PublishAsync(topic, payload, ending.Token);
                    LogSent(topic);
                }
                catch (RegistryFailedException failed)
                {
                    LogNotSent(topic, failed.Message);
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return;
        }
    }

    [LoggerMessage(1226, LogLevel.Information, "Without MQTT, a message went to {Topic} the other way")]
    private partial void LogSent(string topic);

    [LoggerMessage(1227, LogLevel.Warning, "Without MQTT, a message to {Topic} did not go the other way either and will be tried again: {Reason}")]
    private partial void LogNotSent(string topic, string reason);
}

using System.Threading.Channels;

namespace Armada.Silo.Ingress;

/// <summary>
/// Sends stops and resets without MQTT while the silo has no connection, where the registry offers that: devices may still have theirs.
/// What it does not take is sent again a second later, so it queues little.
/// </summary>
internal sealed partial class FallbackControlChannel(IServiceProvider services, ILogger<FallbackControlChannel> logger) : BackgroundService
{
    private const int MaxQueued = 256; // The oldest message is dropped.

    private readonly IControlFallback? fallback = services.GetService<IControlFallback>();
    private readonly Channel<(string Topic, byte[] Payload)> waiting = Channel.CreateBounded<(string, byte[])>(
        new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public bool IsAvailable => fallback is not null;

    /// <summary>Returns at once.</summary>
    public void Send(string topic, byte[] payload) => waiting.Writer.TryWrite((topic, payload));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (topic, payload) in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await fallback!.PublishAsync(topic, payload, stoppingToken);
                LogSent(topic);
            }
            catch (RegistryFailedException failed)
            {
                LogNotSent(topic, failed.Message);
            }
        }
    }

    [LoggerMessage(1226, LogLevel.Information, "Without MQTT, a message went to {Topic} the other way")]
    private partial void LogSent(string topic);

    [LoggerMessage(1227, LogLevel.Warning, "Without MQTT, a message to {Topic} did not go the other way either and will be tried again: {Reason}")]
    private partial void LogNotSent(string topic, string reason);
}

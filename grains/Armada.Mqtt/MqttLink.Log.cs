using Microsoft.Extensions.Logging;

namespace Armada.Mqtt;

/// <content>Events 2100–2119.</content>
public sealed partial class MqttLink
{
    [LoggerMessage(2100, LogLevel.Information, "Link {ClientId} is up at {Host}:{Port}")]
    private partial void LogUp(string clientId, string host, int port);

    [LoggerMessage(2101, LogLevel.Warning, "Link {ClientId} is down: {Reason}; next attempt in {Milliseconds} ms")]
    private partial void LogDown(string clientId, string reason, int milliseconds);

    [LoggerMessage(2102, LogLevel.Information, "Link {ClientId} cannot reach {Host}:{Port}: {Reason}; next attempt in {Milliseconds} ms")]
    private partial void LogUnreachable(string clientId, string host, int port, string reason, int milliseconds);

    [LoggerMessage(2103, LogLevel.Warning, "The broker refuses {ClientId}: {Reason}; next attempt in {Milliseconds} ms")]
    private partial void LogRefused(string clientId, string reason, int milliseconds);

    [LoggerMessage(2104, LogLevel.Error, "The broker refuses the subscription to {Filter}: {Reason}")]
    private partial void LogSubscriptionRefused(string filter, string reason);

    [LoggerMessage(2105, LogLevel.Error, "Control message refused ({Topic}): {Reason}")]
    private partial void LogControlRefused(string topic, string reason);

    [LoggerMessage(2106, LogLevel.Error, "A handler of {Source} failed; {Count} failures since the last report")]
    private partial void LogHandlerFault(Exception fault, string source, long count);

    [LoggerMessage(2107, LogLevel.Warning, "Link {ClientId} stopped with {Count} control messages unacknowledged")]
    private partial void LogControlLeft(string clientId, int count);

    [LoggerMessage(2108, LogLevel.Debug, "Link {ClientId} stopped")]
    private partial void LogStopped(string clientId);

    [LoggerMessage(2109, LogLevel.Critical, "The loop of link {ClientId} failed; the link is gone")]
    private partial void LogLoopFailed(Exception fault, string clientId);

    [LoggerMessage(2110, LogLevel.Warning, "The subscription to {Filter} goes on at the broker: {Reason}")]
    private partial void LogSubscriptionGoesOn(string filter, string reason);

    [LoggerMessage(2111, LogLevel.Information, "Link {ClientId} connects anew, as it was asked to")]
    private partial void LogAnew(string clientId);
}

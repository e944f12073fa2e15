using System.Collections.Frozen;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Sockets;

namespace Armada.Silo.Panel;

/// <summary>/ws/panel: the state of the fleet as it changes.</summary>
internal static class PanelRoutes
{
    public static void AddPanel(this IServiceCollection services)
    {
        services.AddSingleton<SnapshotBuilder>();
        services.AddHostedSingleton<PanelFeed>();
    }

    public static void MapPanel(this IEndpointRouteBuilder app) =>
        app.MapGet("/ws/panel", ServeAsync).Allow(Role.Viewer).OnlyWebSockets().ReadsQuery("rate", "robots").ExcludeFromDescription();

    private static async Task ServeAsync(
        HttpContext context, PanelFeed feed, OpenSockets sockets, SiloClock clock, IHostApplicationLifetime lifetime)
    {
        var errors = new Dictionary<string, string>(StringComparer.Ordinal);
        if (SubscriberRequest.Read(context.Request.Query, errors) is { } asked)
        {
            var limits = PanelSocket.Limits;
            using var raw = await JsonSocket.AcceptAsync(context, limits);
            var session = new PanelSocket(raw, asked, feed, limits, clock);
            using var open = sockets.Enter(context, session.Close);
            await session.RunAsync(lifetime.ApplicationStopping);
        }
        else
        {
            await Problem.WrongFields(errors).ExecuteAsync(context);
        }
    }
}

/// <summary>One subscriber's connection: sends what the feed offers, answers heartbeats, and refuses everything else.</summary>
internal sealed class PanelSocket
{
    private readonly PanelFeed feed;
    private readonly SiloClock clock;
    private readonly PanelSubscriber subscriber;
    private readonly JsonSocket socket;
    private readonly TokenBucket rate;
    private readonly OncePerSecond tooFast;

    public PanelSocket(WebSocket raw, SubscriberRequest asked, PanelFeed feed, SocketLimits limits, SiloClock clock)
    {
        (this.feed, this.clock) = (feed, clock);
        subscriber = new PanelSubscriber(asked, feed);
        socket = new JsonSocket(raw, subscriber, limits, clock);
        subscriber.NotifySocket = socket.NotifySample;
        rate = new TokenBucket(limits.MessagesPerSecond, limits.Burst);
        tooFast = new OncePerSecond(clock.Time);
    }

    public static SocketLimits Limits { get; } = new()
    {
        MaxMessageBytes = 4096,
        MaxQueuedMessages = 64,
        MessagesPerSecond = 20,
        Burst = 40,
        PingInterval = TimeSpan.FromSeconds(5),
        PongTimeout = TimeSpan.FromSeconds(15),
    };

    public async Task RunAsync(CancellationToken cancellation)
    {
        feed.Add(subscriber);
        try
        {
            // Nothing is read before the first snapshot, so that no answer can overtake it.
            await subscriber.FirstOffer.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await socket.RunAsync(Receive, cancellation);
        }
        finally
        {
            feed.Remove(subscriber);
        }
    }

    public void Close(int code, string reason) => socket.Close(code, reason);

    private ValueTask Receive(ReadOnlyMemory<byte> message)
    {
        var now = clock.Now();
        if (!rate.TryConsume(now))
        {
            if (tooFast.Count(out _))
                socket.Send(Answer("error", now, "too_fast", "too many messages per second; the excess is dropped"));
        }
        else if (SubscriberMessage.TypeOf(message.Span, out var problem) == "heartbeat")
        {
            socket.Send(Answer("heartbeat_ack", now));
        }
        else
        {
            socket.Send(Answer("error", now, "invalid", problem));
        }

        return ValueTask.CompletedTask;
    }

    private static byte[] Answer(string type, in Timestamp now, string? code = null, string? message = null) =>
        JsonSerializer.SerializeToUtf8Bytes(new SubscriberAnswer(type, Times.Of(now.Unix), code, message), SubscriberJson.Default.SubscriberAnswer);
}

/// <param name="Rate">Maximum updates per second.</param>
/// <param name="Robots">Null: all robots.</param>
internal sealed record SubscriberRequest(double Rate, FrozenSet<string>? Robots)
{
    /// <summary>Updates per second; also the default.</summary>
    public const int MaxRate = 20;
    public const double MinRate = 0.2;
    public const int MaxRobots = 500;

    public static SubscriberRequest Default { get; } = new(MaxRate, null);

    /// <summary>Reads <c>?rate=</c> and <c>?robots=</c>; null with errors by member.</summary>
    public static SubscriberRequest? Read(IQueryCollection query, Dictionary<string, string> errors)
    {
        var rate = Default.Rate;
        if (query.TryGetValue("rate", out var asked) && !TryRate(asked.ToString(), out rate))
            errors["rate"] = string.Create(CultureInfo.InvariantCulture, $"'{asked}' must be {MinRate} to {MaxRate} updates a second");
        var robots = query.TryGetValue("robots", out var named) ? Names(named.ToString(), errors) : null;
        return errors.Count > 0 ? null : new SubscriberRequest(rate, robots);
    }

    public bool Includes(string robot) => Robots is null || Robots.Contains(robot);

    /// <summary>
    /// Whether an update is due at a tick; there are <see cref="MaxRate"/> ticks per second. Subscribers of the same rate are due at the same
    /// ticks, so that they share one snapshot; among n successive ticks at most one more is due than the rate's share of n.
    /// </summary>
    public bool IsDue(long tick) => Due(tick + 1) > Due(tick);

    private double Due(long ticks) => Math.Floor(ticks * Rate / MaxRate);

    private static bool TryRate(string text, out double rate) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out rate) && rate is >= MinRate and <= MaxRate;

    private static FrozenSet<string>? Names(string text, Dictionary<string, string> errors)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        if (names.Length > MaxRobots)
            errors["robots"] = string.Create(CultureInfo.InvariantCulture, $"at most {MaxRobots} may be named");
        else if (Array.Find(names, name => !DeviceName.IsValid(name)) is { } wrong)
            errors["robots"] = $"'{wrong}' is not a robot id";
        return names.ToFrozenSet(StringComparer.Ordinal);
    }
}

/// <summary>A subscriber's message; unknown members are ignored, since a newer panel may send more.</summary>
internal sealed record SubscriberMessage(string? Type)
{
    /// <summary>The type of a message, or null; never throws.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> message, out string problem)
    {
        try
        {
            problem = "heartbeat is the only message that is accepted";
            return JsonSerializer.Deserialize(message, SubscriberJson.Default.SubscriberMessage)?.Type;
        }
        catch (JsonException refused)
        {
            problem = string.Create(
                CultureInfo.InvariantCulture, $"a message must be a JSON object with a type; it is invalid at byte {refused.BytePositionInLine ?? 0}");
            return null;
        }
    }
}

internal sealed record SubscriberAnswer(string Type, DateTimeOffset At, string? Code = null, string? Message = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 16)]
[JsonSerializable(typeof(SubscriberMessage))]
[JsonSerializable(typeof(SubscriberAnswer))]
internal sealed partial class SubscriberJson : JsonSerializerContext;

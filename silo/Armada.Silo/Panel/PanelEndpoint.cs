using System.Collections.Frozen;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;

namespace Armada.Silo.Panel;

/// <summary>/ws/panel: the fleet as it changes, for watchers.</summary>
internal static class PanelRoutes
{
    /// <summary>Adds what the route needs.</summary>
    public static void AddPanel(this IServiceCollection services)
    {
        services.AddSingleton<PanelReader>();
        services.AddSingleton<SnapshotBuilder>();
        services.AddSingleton<PanelFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<PanelFeed>());
    }

    /// <summary>Maps the route; docs/panel-feed.md describes it, which OpenAPI cannot.</summary>
    public static void MapPanel(this IEndpointRouteBuilder app) =>
        app.MapGet("/ws/panel", ServeAsync).Allow(Role.Viewer).ReadsQuery("rate", "robots").ExcludeFromDescription();

    private static async Task ServeAsync(
        HttpContext context, PanelFeed feed, OpenSockets sockets, SiloClock clock, IHostApplicationLifetime lifetime)
    {
        var errors = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await Problem.WebSocketOnly.Answer("connect to /ws/panel with a WebSocket").ExecuteAsync(context);
        }
        else if (SubscriberRequest.Read(context.Request.Query, errors) is { } asked)
        {
            var limits = PanelSocket.Limits;
            var accept = OpenSockets.Accept(context);
            (accept.KeepAliveInterval, accept.KeepAliveTimeout) = (limits.PingEvery, limits.PongWithin);
            using var raw = await context.WebSockets.AcceptWebSocketAsync(accept);
            var watching = new PanelSocket(raw, asked, feed, limits, clock);
            using var open = sockets.Enter(context, watching.Close);
            await watching.RunAsync(lifetime.ApplicationStopping);
        }
        else
        {
            await Problem.WrongFields(errors).ExecuteAsync(context);
        }
    }
}

/// <summary>One watcher's connection: what the feed offers goes out, heartbeats are answered, all else is refused in words.</summary>
internal sealed class PanelSocket
{
    private static readonly TimeSpan TellTooFastEvery = TimeSpan.FromSeconds(1);

    private readonly PanelFeed feed;
    private readonly SiloClock clock;
    private readonly PanelSubscriber watcher;
    private readonly JsonSocket socket;
    private readonly MessageRate rate;
    private Timestamp? toldTooFast;

    /// <summary>Around an open socket.</summary>
    public PanelSocket(WebSocket raw, SubscriberRequest asked, PanelFeed feed, SocketLimits limits, SiloClock clock)
    {
        (this.feed, this.clock) = (feed, clock);
        watcher = new PanelSubscriber(asked, feed);
        socket = new JsonSocket(raw, watcher, limits, clock);
        watcher.Offer = socket.SampleIsDue;
        rate = new MessageRate(limits.MessagesPerSecond, limits.Burst);
    }

    /// <summary>What a watcher may take and say. It reads only, so a late pong means a slow line and no danger.</summary>
    public static SocketLimits Limits { get; } = new()
    {
        MaxMessageBytes = 4096,
        MaxWaiting = 64,
        MessagesPerSecond = 20,
        Burst = 40,
        PingEvery = TimeSpan.FromSeconds(5),
        PongWithin = TimeSpan.FromSeconds(15),
    };

    /// <summary>Serves the watcher until one side closes.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        feed.Enter(watcher);
        try
        {
            // The snapshot is there before anything is read, so that no answer can overtake it.
            await watcher.Offered.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await socket.RunAsync(Receive, cancellation);
        }
        finally
        {
            feed.Leave(watcher);
        }
    }

    /// <summary>Closes the connection.</summary>
    /// <param name="code">See <see cref="SocketClose"/>.</param>
    /// <param name="reason">For people.</param>
    public void Close(int code, string reason) => socket.Close(code, reason);

    private ValueTask Receive(ReadOnlyMemory<byte> message)
    {
        var now = clock.Now();
        if (!rate.TryPass(now))
            TellTooFast(now);
        else if (SubscriberMessage.TypeOf(message.Span, out var problem) == "heartbeat")
            socket.Send(Answer("heartbeat_ack", now));
        else
            socket.Send(Answer("error", now, "invalid", problem));
        return ValueTask.CompletedTask;
    }

    private void TellTooFast(in Timestamp now)
    {
        if (toldTooFast is { } told && !now.IsPast(told, TellTooFastEvery))
            return;
        toldTooFast = now;
        socket.Send(Answer("error", now, "too_fast", "messages come too fast; the ones too many are dropped"));
    }

    private static byte[] Answer(string type, in Timestamp now, string? code = null, string? message = null) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new SubscriberAnswer(type, DateTimeOffset.UnixEpoch.AddTicks(now.Unix * TimeSpan.TicksPerMicrosecond), code, message),
            SubscriberJson.Default.SubscriberAnswer);
}

/// <summary>What a watcher asks for in the address.</summary>
/// <param name="Rate">Most updates a second.</param>
/// <param name="Robots">Only these robots, or null for all.</param>
internal sealed record SubscriberRequest(double Rate, FrozenSet<string>? Robots)
{
    /// <summary>Updates a second that a watcher gets at most, and unless it asks for fewer.</summary>
    public const int FastestRate = 20;

    /// <summary>Fewest updates a second that may be asked for.</summary>
    public const double SlowestRate = 0.2;

    /// <summary>Most robots that may be named; who wants more takes all.</summary>
    public const int MostRobots = 500;

    /// <summary>Everything at full rate.</summary>
    public static SubscriberRequest Everything { get; } = new(FastestRate, null);

    /// <summary>Reads <c>?rate=</c> and <c>?robots=</c>; null with errors by name.</summary>
    public static SubscriberRequest? Read(IQueryCollection query, Dictionary<string, string> errors)
    {
        var rate = Everything.Rate;
        if (query.TryGetValue("rate", out var asked) && !TryRate(asked.ToString(), out rate))
            errors["rate"] = string.Create(CultureInfo.InvariantCulture, $"'{asked}' must be {SlowestRate} to {FastestRate} updates a second");
        var robots = query.TryGetValue("robots", out var named) ? Names(named.ToString(), errors) : null;
        return errors.Count > 0 ? null : new SubscriberRequest(rate, robots);
    }

    /// <summary>Whether the watcher wants to see a robot.</summary>
    public bool Sees(string robot) => Robots is null || Robots.Contains(robot);

    /// <summary>
    /// Whether an update is due at a tick of <see cref="FastestRate"/> a second. Watchers that ask for the same rate are due at the
    /// same ticks, so that one picture serves them all; n successive ticks hold at most n times the rate's share, and one more.
    /// </summary>
    public bool IsDue(long tick) => Due(tick + 1) > Due(tick);

    private double Due(long ticks) => Math.Floor(ticks * Rate / FastestRate);

    private static bool TryRate(string text, out double rate) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out rate) && rate is >= SlowestRate and <= FastestRate;

    private static FrozenSet<string>? Names(string text, Dictionary<string, string> errors)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        if (names.Length > MostRobots)
            errors["robots"] = string.Create(CultureInfo.InvariantCulture, $"at most {MostRobots} may be named");
        else if (Array.Find(names, name => !DeviceName.IsValid(name)) is { } wrong)
            errors["robots"] = $"'{wrong}' is no robot id";
        return names.ToFrozenSet(StringComparer.Ordinal);
    }
}

/// <summary>What a watcher says; members that are not known are ignored.</summary>
internal sealed record SubscriberMessage(string? Type)
{
    /// <summary>The type of a message, or null; never throws.</summary>
    /// <param name="message">What came.</param>
    /// <param name="problem">What to say where it is no type that is understood.</param>
    public static string? TypeOf(ReadOnlySpan<byte> message, out string problem)
    {
        try
        {
            problem = "a watcher says heartbeat and nothing else";
            return JsonSerializer.Deserialize(message, SubscriberJson.Default.SubscriberMessage)?.Type;
        }
        catch (JsonException refused)
        {
            problem = string.Create(
                CultureInfo.InvariantCulture, $"a message is a JSON object with a type; it ends making sense at byte {refused.BytePositionInLine ?? 0}");
            return null;
        }
    }
}

/// <summary>What a watcher is answered.</summary>
internal sealed record SubscriberAnswer(string Type, DateTimeOffset At, string? Code = null, string? Message = null);

[JsonSerializable(typeof(PanelState))]
internal sealed partial class PanelJson : JsonSerializerContext;

/// <summary>What watchers say is read leniently: a newer panel may say more than this silo knows.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 16)]
[JsonSerializable(typeof(SubscriberMessage))]
[JsonSerializable(typeof(SubscriberAnswer))]
internal sealed partial class SubscriberJson : JsonSerializerContext;

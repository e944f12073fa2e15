using System.Collections.Concurrent;
using Armada.Silo.Sockets;
using Microsoft.AspNetCore.Http.Features;

namespace Armada.Silo.Access;

/// <summary>Marks a route that is only for WebSockets.</summary>
internal sealed record WebSocketRoute;

/// <summary>All open WebSockets and their callers: limits their number, and closes those whose key or token is no longer valid.</summary>
internal sealed class OpenSockets(RateLimits limits, TimeProvider time)
{
    /// <summary>The subprotocol that the silo answers with to a client that offers it.</summary>
    public const string Subprotocol = "armada.v1";

    private const string NoLongerValid = "the key or token is no longer valid";

    private readonly ConcurrentDictionary<OpenSocket, bool> sockets = new();
    private readonly Dictionary<string, int> perCaller = new(StringComparer.Ordinal);
    private readonly Lock counting = new();
    private int all;

    public int Count => Volatile.Read(ref all);

    /// <summary>Middleware: counts a WebSocket request or refuses it.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var isSocketRoute = context.GetEndpoint()?.Metadata.GetMetadata<WebSocketRoute>() is not null;
        if (isSocketRoute && !context.WebSockets.IsWebSocketRequest)
        {
            await Problem.WebSocketOnly.Answer($"connect to {context.Request.Path} with a WebSocket").ExecuteAsync(context);
            return;
        }

        if (!isSocketRoute || context.Features.Get<Credential>() is not { } credential)
        {
            await next(context);
            return;
        }

        if (!TryCount(credential.Caller.Name))
        {
            context.Response.Headers.RetryAfter = "5";
            await Problem.TooManySockets
                .Answer($"a caller may have {limits.SocketsPerCaller} open WebSockets and all callers together {limits.Sockets}; close some")
                .ExecuteAsync(context);
            return;
        }

        context.Features.Get<LimitedConnection>()?.Dispose(); // It is counted here now.
        using var socket = new OpenSocket(credential, time);
        sockets[socket] = true;
        try
        {
            // A key revoked between authentication and this line is found here; one revoked later finds the socket.
            if (!credential.Holds())
                socket.Close(NoLongerValid);
            context.Features.Set(socket);
            await next(context);
        }
        finally
        {
            sockets.TryRemove(socket, out _);
            Uncount(credential.Caller.Name);
        }
    }

    /// <summary>
    /// Registers how this request's WebSocket is closed, with a code and a reason, when its caller is no longer authenticated. The action
    /// may run on any thread, returns at once and does not throw; it is not run after the result was disposed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The request is no WebSocket's, or it has ended.</exception>
    public IDisposable Enter(HttpContext context, Action<int, string> close)
    {
        var socket = context.Features.GetRequiredFeature<OpenSocket>();
        return sockets.ContainsKey(socket) ? socket.ClosedBy(close) : throw new InvalidOperationException("the request has ended");
    }

    public void CloseUnauthorized()
    {
        foreach (var (socket, _) in sockets)
        {
            if (!socket.Credential.Holds())
                socket.Close(NoLongerValid);
        }
    }

    /// <summary>
    /// How a WebSocket request is accepted: with <see cref="Subprotocol"/> where the client offered it, and never with the one that
    /// holds its key.
    /// </summary>
    public static WebSocketAcceptContext Accept(HttpContext context) =>
        new() { SubProtocol = context.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol) ? Subprotocol : null };

    private bool TryCount(string caller)
    {
        lock (counting)
        {
            var own = perCaller.GetValueOrDefault(caller);
            if (all >= limits.Sockets || own >= limits.SocketsPerCaller)
                return false;
            (perCaller[caller], all) = (own + 1, all + 1);
            return true;
        }
    }

    private void Uncount(string caller)
    {
        lock (counting)
        {
            all--;
            if (--perCaller[caller] == 0)
                perCaller.Remove(caller);
        }
    }
}

internal sealed class OpenSocket : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1); // A timer holds 49 days; a key may last for years.

    private readonly TimeProvider time;
    private readonly ITimer? expiry;
    private readonly CancellationTokenSource closing = new(); // Not disposed: whoever goes through all sockets may still cancel it.
    private string? reason;

    public OpenSocket(Credential credential, TimeProvider time)
    {
        (Credential, this.time) = (credential, time);
        if (credential.Expires is { } at)
            expiry = time.CreateTimer(_ => Expire(at), null, Until(at), Timeout.InfiniteTimeSpan);
    }

    public Credential Credential { get; }

    /// <summary>Registers how the socket is closed, until the result is disposed.</summary>
    public IDisposable ClosedBy(Action<int, string> action) => closing.Token.Register(() => action(SocketClose.Unauthorized, reason!));

    /// <summary>Closes the socket now, or as soon as it is registered how.</summary>
    public void Close(string why)
    {
        if (Interlocked.CompareExchange(ref reason, why, null) is null)
            closing.Cancel();
    }

    public void Dispose() => expiry?.Dispose();

    private void Expire(DateTimeOffset at)
    {
        if (time.GetUtcNow() >= at)
            Close("the key or token has expired");
        else
            expiry!.Change(Until(at), Timeout.InfiniteTimeSpan);
    }

    private TimeSpan Until(DateTimeOffset at)
    {
        var left = at - time.GetUtcNow();
        return left <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : left < LongestTimer ? left : LongestTimer;
    }
}

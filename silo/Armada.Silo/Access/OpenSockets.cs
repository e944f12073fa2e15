using System.Collections.Concurrent;
using Armada.Silo.Api;
using Armada.Silo.Sockets;
using Microsoft.AspNetCore.Http.Features;

namespace Armada.Silo.Access;

/// <summary>Every open WebSocket and whose it is: counts them, and closes those whose key or token is no longer good.</summary>
internal sealed class OpenSockets(RateLimits limits, TimeProvider time)
{
    /// <summary>The subprotocol that the silo answers with to a client that offers it.</summary>
    public const string Subprotocol = "armada.v1";

    private const string NoLongerGood = "the key or token is no longer good";

    private readonly ConcurrentDictionary<OpenSocket, bool> sockets = new();
    private readonly Dictionary<string, int> perCaller = new(StringComparer.Ordinal);
    private readonly Lock counting = new();
    private int all;

    /// <summary>How many are open.</summary>
    public int Count => Volatile.Read(ref all);

    /// <summary>Middleware: gives every WebSocket request a place or refuses it.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.WebSockets.IsWebSocketRequest || context.Features.Get<Credential>() is not { } credential)
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

        using var socket = new OpenSocket(credential, time);
        sockets[socket] = true;
        try
        {
            // A key revoked between the check at the door and this line is found here; one revoked later finds the socket.
            if (!credential.Holds())
                socket.Close(SocketClose.Unauthorized, NoLongerGood);
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
    /// Says how this request's WebSocket is closed, with a code and a reason, when its caller may no longer be here. The action may
    /// run on any thread, returns at once and does not throw; it is not run after the result was disposed.
    /// </summary>
    /// <example><c>using var open = openSockets.Enter(context, socket.Close);</c></example>
    /// <exception cref="InvalidOperationException">The request is no WebSocket's, or it has ended.</exception>
    public IDisposable Enter(HttpContext context, Action<int, string> close)
    {
        var socket = context.Features.GetRequiredFeature<OpenSocket>();
        return sockets.ContainsKey(socket) ? socket.ClosedBy(close) : throw new InvalidOperationException("the request has ended");
    }

    /// <summary>Closes every socket whose key or token, or the lack of one, is no longer good.</summary>
    public void CloseUnauthorized()
    {
        foreach (var (socket, _) in sockets)
        {
            if (!socket.Credential.Holds())
                socket.Close(SocketClose.Unauthorized, NoLongerGood);
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

using System.Net;
using Armada.Silo.Options;
using Microsoft.AspNetCore.Connections;

namespace Armada.Silo.Access;

/// <summary>
/// Limits the connections of a listener so that nobody without a key or certificate keeps out, or cuts off, somebody who has one. A
/// connection that has shown neither is cut after a time, and where there are too many such, of one address or in all, the oldest makes room
/// for the new one. Any thread.
/// </summary>
internal sealed class ConnectionLimits(HttpOptions http, TimeProvider time)
{
    private readonly RateLimits limits = http.Limits;
    private readonly Lock sync = new();
    private readonly Dictionary<string, LinkedList<LimitedConnection>> unproven = new(StringComparer.Ordinal); // By network, the oldest first.
    private int unprovenCount;
    private int provenCount;

    /// <summary>Middleware of a listener, before TLS.</summary>
    public ConnectionDelegate LimitAsync(ConnectionDelegate next) => async context =>
    {
        var address = (context.RemoteEndPoint as IPEndPoint)?.Address;
        using var connection = new LimitedConnection(this, context, ClientNetwork.Of(address), time);
        Add(connection, http.IsKnownProxy(address) ? int.MaxValue : limits.UnprovenConnectionsPerAddress)?.Cut("another connection needs its place");
        context.Features.Set(connection);
        await next(context);
    };

    internal bool TryProve(LimitedConnection connection)
    {
        lock (sync)
        {
            if (connection.State == ConnectionState.Unproven)
            {
                if (provenCount >= limits.Connections)
                    return false;
                Leave(connection);
                connection.State = ConnectionState.Proven;
                provenCount++;
            }

            return true;
        }
    }

    internal void Release(LimitedConnection connection)
    {
        lock (sync)
        {
            Leave(connection);
            if (connection.State == ConnectionState.Proven)
                provenCount--;
            connection.State = ConnectionState.Released;
        }
    }

    // Gives the one that must make room, or null.
    private LimitedConnection? Add(LimitedConnection connection, int maxOfAddress)
    {
        lock (sync)
        {
            var crowded = unproven.TryGetValue(connection.Network, out var own) && own.Count >= maxOfAddress ? own
                : unprovenCount >= limits.UnprovenConnections ? unproven.Values.MaxBy(connections => connections.Count)
                : null;
            var oldest = crowded?.First!.Value;
            if (oldest is not null)
                Leave(oldest);
            if (!unproven.TryGetValue(connection.Network, out own))
                unproven[connection.Network] = own = [];
            own.AddLast(connection.Place);
            unprovenCount++;
            return oldest;
        }
    }

    private void Leave(LimitedConnection connection)
    {
        if (connection.Place.List is not { } own)
            return;
        own.Remove(connection.Place);
        unprovenCount--;
        if (own.Count == 0)
            unproven.Remove(connection.Network);
    }
}

internal enum ConnectionState
{
    /// <summary>Has shown no valid key or certificate.</summary>
    Unproven,

    /// <summary>Has brought a valid key.</summary>
    Proven,

    /// <summary>Has ended, or is a device's or a WebSocket's, which are counted elsewhere.</summary>
    Released,
}

/// <summary>A connection that is limited; a feature of it and of its requests.</summary>
internal sealed class LimitedConnection : IDisposable
{
    /// <summary>How long a connection lasts without a key or certificate after it was opened, or after its last request.</summary>
    public static readonly TimeSpan ProvesWithin = TimeSpan.FromSeconds(20);

    private readonly ConnectionLimits owner;
    private readonly ConnectionContext context;
    private readonly ITimer deadline;

    public LimitedConnection(ConnectionLimits owner, ConnectionContext context, string network, TimeProvider time)
    {
        (this.owner, this.context, Network) = (owner, context, network);
        Place = new(this);
        deadline = time.CreateTimer(
            static connection => ((LimitedConnection)connection!).Cut("no key or certificate came in time"), this, ProvesWithin, Timeout.InfiniteTimeSpan);
    }

    public string Network { get; }

    public LinkedListNode<LimitedConnection> Place { get; }

    /// <summary>Written under the owner's lock.</summary>
    public ConnectionState State { get; set; }

    /// <summary>Middleware: a request gives its connection more time.</summary>
    public static Task RenewAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<LimitedConnection>() is { State: ConnectionState.Unproven } connection)
            connection.deadline.Change(ProvesWithin, Timeout.InfiniteTimeSpan);
        return next(context);
    }

    /// <summary>It has brought a valid key and may last. False where there are too many such, and it should end with its request.</summary>
    public bool TryProve() => State != ConnectionState.Unproven || owner.TryProve(this);

    /// <summary>Ends it unless it has shown a valid key or certificate.</summary>
    public void Cut(string reason)
    {
        if (State == ConnectionState.Unproven)
            context.Abort(new ConnectionAbortedException(reason));
    }

    public void Dispose()
    {
        deadline.Dispose();
        owner.Release(this);
    }
}

using Armada.Silo.Sockets;

namespace Armada.Silo.Access;

/// <summary>The place of one WebSocket among all that are open.</summary>
internal sealed class OpenSocket : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1); // A timer holds 49 days; a key may last for years.

    private readonly Lock sync = new();
    private readonly TimeProvider time;
    private readonly ITimer? expiry;
    private Action<int, string>? close;
    private (int Code, string Reason)? told;

    /// <summary>For a caller with this credential; tells the socket when it expires.</summary>
    public OpenSocket(Credential credential, TimeProvider time)
    {
        (Credential, this.time) = (credential, time);
        if (credential.Expires is { } at)
            expiry = time.CreateTimer(_ => Expire(at), null, Until(at), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whose it is.</summary>
    public Credential Credential { get; }

    /// <summary>Says how the socket is closed; disposing the result says that it no longer needs to be.</summary>
    public IDisposable ClosedBy(Action<int, string> action)
    {
        (int Code, string Reason)? before;
        lock (sync)
            (close, before) = (action, told);
        if (before is { } reason)
            action(reason.Code, reason.Reason);
        return new Detachment(this);
    }

    /// <summary>Closes the socket, at the latest as soon as it is said how.</summary>
    public void Close(int code, string reason)
    {
        Action<int, string>? action;
        lock (sync)
        {
            if (told is not null)
                return;
            (told, action) = ((code, reason), close);
        }

        action?.Invoke(code, reason);
    }

    /// <inheritdoc/>
    public void Dispose() => expiry?.Dispose();

    private void Expire(DateTimeOffset at)
    {
        if (time.GetUtcNow() >= at)
            Close(SocketClose.Unauthorized, "the key or token has expired");
        else
            expiry!.Change(Until(at), Timeout.InfiniteTimeSpan);
    }

    private TimeSpan Until(DateTimeOffset at)
    {
        var left = at - time.GetUtcNow();
        return left <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : left < LongestTimer ? left : LongestTimer;
    }

    private sealed class Detachment(OpenSocket socket) : IDisposable
    {
        public void Dispose()
        {
            lock (socket.sync)
                socket.close = null;
        }
    }
}

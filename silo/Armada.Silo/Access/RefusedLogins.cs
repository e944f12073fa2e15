namespace Armada.Silo.Access;

/// <summary>Notes refused keys and tokens in the audit trail, so seldom that nobody can fill it with them.</summary>
internal sealed class RefusedLogins(IAuditTrail audit, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock sync = new();
    private long? last;
    private long unnoted;

    /// <summary>Notes one; what it brought is not written anywhere.</summary>
    public void Note(HttpContext context)
    {
        long others;
        lock (sync)
        {
            if (last is { } at && time.GetElapsedTime(at) < Pause)
            {
                unnoted++;
                return;
            }

            (others, last, unnoted) = (unnoted, time.GetTimestamp(), 0);
        }

        var from = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        audit.Record(new Caller("unknown", Role.Viewer, from), "login-refused", "silo", others > 0 ? $"{others} more before it" : null);
    }
}

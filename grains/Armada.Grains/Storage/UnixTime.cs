namespace Armada.Grains.Storage;

/// <summary>Times as they are stored: whole microseconds since 1970, which a double of Lua holds exactly.</summary>
internal static class UnixTime
{
    /// <summary>From a time; what is finer is cut off, and what is before 1970 is 1970.</summary>
    public static long ToMicroseconds(DateTimeOffset at) =>
        Math.Max(0, (at.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    public static DateTimeOffset FromMicroseconds(long at) => DateTimeOffset.UnixEpoch.AddTicks(at * TimeSpan.TicksPerMicrosecond);
}

namespace Armada.Core.Time;

/// <summary>Lets so many lines a second into the log and counts those it holds back. Any thread.</summary>
public sealed class LogPace(int linesPerSecond = 1)
{
    private readonly Lock sync = new();
    private long? begin;
    private int lines;
    private long hidden;

    /// <param name="now">When the line would be written.</param>
    /// <param name="heldBack">Lines held back since the last one.</param>
    public bool IsDue(in Timestamp now, out long heldBack)
    {
        lock (sync)
        {
            if (begin is not { } since || now.Monotonic - since >= Microseconds.PerSecond)
                (begin, lines) = (now.Monotonic, 0);
            var isDue = lines < linesPerSecond;
            heldBack = isDue ? hidden : 0;
            (lines, hidden) = isDue ? (lines + 1, 0) : (lines, hidden + 1);
            return isDue;
        }
    }
}

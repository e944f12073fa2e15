using Armada.Core.Time;
using Armada.Devices.Arms;

namespace Armada.EdgeAgent.Devices;

/// <summary>
/// When an arm is started again because of some of its servos: at once, then ever more seldom while it does not help. A start
/// holds the arm for a moment, and five servos that work are not to stutter because of one that does not.
/// </summary>
internal sealed class RestartBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(30);

    private TimeSpan wait = First;
    private Timestamp? last;

    /// <summary>Whether to start again now.</summary>
    /// <param name="wanting">The joints that want it; none ends the waiting.</param>
    /// <param name="now">The time.</param>
    public bool IsDue(JointSet wanting, in Timestamp now)
    {
        if (wanting.IsEmpty)
        {
            (wait, last) = (First, null);
            return false;
        }

        if (last is { } before)
        {
            if (!now.IsPast(before, wait))
                return false;
            wait = wait * 2 < Most ? wait * 2 : Most;
        }

        last = now;
        return true;
    }
}

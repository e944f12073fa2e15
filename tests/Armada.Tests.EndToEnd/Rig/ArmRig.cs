using System.Diagnostics;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Testing;

namespace Armada.Tests.EndToEnd.Rig;

/// <summary>One emulated arm on a pseudo-terminal, seen from the bus: what was written to it, and where it stands.</summary>
internal sealed class ArmRig(ArmRole role, IHand? hand, string link) : IDisposable
{
    private const byte ShoulderPan = 1;

    /// <summary>The arm's bus: faults, cable, journal of writes.</summary>
    public EmulatedBus Bus { get; } = new(EmulatedArm.So101(role, hand), link);

    /// <summary>The shoulder's position, degrees.</summary>
    public double Pan
    {
        get
        {
            Span<double> pose = stackalloc double[6];
            Bus.Arm.Pose(pose);
            return pose[0];
        }
    }

    /// <summary>When the shoulder's goal last became another; 0 before the first time.</summary>
    public long LastMove(long since = 0) => Moves(since).LastOrDefault();

    /// <summary>Waits until the sweep passes a place, degrees.</summary>
    public Task PassesAsync(double pan) =>
        Eventually.Holds($"the arm passes {pan}°", () => Math.Abs(Pan - pan) < 1, TimeSpan.FromSeconds(10));

    /// <summary>Waits until no goal has changed for half a second, and says when the last change was.</summary>
    public async Task<long> HoldsAsync()
    {
        await Eventually.Holds(
            "the follower holds",
            () => Stopwatch.GetElapsedTime(LastMove()) > TimeSpan.FromMilliseconds(500),
            TimeSpan.FromSeconds(5));
        return LastMove();
    }

    /// <summary>Waits until no goal has changed for a time, whatever comes after, and says when the last change before was.</summary>
    public async Task<long> PausesAsync(long since, TimeSpan pause)
    {
        long? last = null;
        await Eventually.Holds("the follower pauses", () => (last = LastBeforePause(since, pause)) is not null, TimeSpan.FromSeconds(5));
        return last!.Value;
    }

    public void Dispose() => Bus.Dispose();

    private long? LastBeforePause(long since, TimeSpan pause)
    {
        var last = since;
        foreach (var moved in Moves(0).Where(moved => moved > since))
        {
            if (Stopwatch.GetElapsedTime(last, moved) > pause)
                break;
            last = moved;
        }

        return Stopwatch.GetElapsedTime(last) > pause ? last : null;
    }

    private IEnumerable<long> Moves(long since)
    {
        int? before = null;
        foreach (var write in Bus.Journal.Since(since).Where(write => write.Id == ShoulderPan))
        {
            if (write.Of(Sts3215.GoalPosition) is not { } goal)
                continue;
            if (before is not null && goal != before)
                yield return write.Timestamp;
            before = goal;
        }
    }
}

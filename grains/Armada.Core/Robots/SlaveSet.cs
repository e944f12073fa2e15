using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>A robot's slaves: the bound ones in the document's order, then the connected ones that are not bound.</summary>
internal sealed class SlaveSet(RobotTiming timing)
{
    private readonly List<SlaveTrack> tracks = [];
    private SlaveTrack? unbinding; // Restored if its unbinding cannot be stored.

    public int Count => tracks.Count;

    public SlaveTrack this[int index] => tracks[index];

    public ImmutableArray<SlaveBinding> Bindings { get; private set; } = [];

    public List<SlaveTrack>.Enumerator GetEnumerator() => tracks.GetEnumerator();

    /// <summary>-1 where there is none.</summary>
    public int Find(string name) => tracks.FindIndex(slave => slave.Name == name);

    public void Insert(int index, SlaveTrack slave)
    {
        tracks.Insert(index, slave);
        UpdateBindings();
    }

    public void RemoveAt(int index)
    {
        tracks.RemoveAt(index);
        UpdateBindings();
    }

    /// <summary>Removes a bound slave, but keeps it until the change is known to be durable.</summary>
    public void Unbind(int index)
    {
        unbinding = tracks[index];
        RemoveAt(index);
    }

    public void Rebind(int index, SlaveBinding binding)
    {
        tracks[index].Rebind(binding);
        UpdateBindings();
    }

    public SlaveTrack[] WithUnbinding() => unbinding is null ? [.. tracks] : [.. tracks, unbinding];

    /// <summary>Rebuilds every slave of a document; those that a connected session fills stay filled.</summary>
    public void Rebuild(RobotDocument document, IReadOnlyList<SlaveTrack> before, in Timestamp now)
    {
        unbinding = null;
        tracks.Clear();
        foreach (var binding in document.Slaves)
            tracks.Add(Successor(binding, isUnbound: false, document.Model, before.FirstOrDefault(slave => slave.Name == binding.Name), now));
        foreach (var slave in before.Where(slave => slave is { IsUnbound: true, IsJoined: true }))
            tracks.Add(Successor(slave.Binding, isUnbound: true, document.Model, slave, now));
        UpdateBindings();
    }

    public void Hold()
    {
        foreach (var slave in tracks)
            slave.Hold();
    }

    public void Command(
        ReadOnlySpan<double> wanted, ReadOnlySpan<double> start, bool leaps, bool still, uint epoch, long capturedAt, double? interval, in Timestamp now, ICommandSink sink)
    {
        for (var index = 0; index < tracks.Count; index++)
        {
            var slave = tracks[index];
            if (slave.IsCommanded)
                sink.Command(index, slave.Command(wanted, start, leaps, still, epoch, capturedAt, interval, now), slave.Pose);
        }
    }

    /// <summary>Commands every live slave that has not reached its target or is due for a keep-alive.</summary>
    public void CommandWhereDue(ReadOnlySpan<double> wanted, ReadOnlySpan<double> start, uint epoch, long capturedAt, in Timestamp now, ICommandSink sink)
    {
        for (var index = 0; index < tracks.Count; index++)
        {
            var slave = tracks[index];
            if (!slave.IsCommanded)
                continue;
            var rests = slave.HasReached(wanted, now);
            if (!rests || slave.IsKeepAliveDue(now))
                sink.Command(index, slave.Command(wanted, start, leaps: false, rests, epoch, capturedAt, null, now), slave.Pose);
        }
    }

    public bool HaveReached(ReadOnlySpan<double> wanted, bool andSettled, in Timestamp now)
    {
        foreach (var slave in tracks)
        {
            if (slave.IsCommanded && !(slave.HasReached(wanted, now) && (!andSettled || slave.HasSettled(now))))
                return false;
        }

        return true;
    }

    /// <summary>Where the first live slave that reads each joint says it is; NaN where none does.</summary>
    public void Measure(Span<double> pose, in Timestamp now)
    {
        pose.Fill(double.NaN);
        foreach (var slave in tracks)
        {
            for (var joint = 0; joint < pose.Length; joint++)
            {
                if (slave.IsCommanded && !double.IsFinite(pose[joint]))
                    pose[joint] = slave.MeasuredOf(joint, now);
            }
        }
    }

    /// <summary>The first live slave that has read a joint, or null.</summary>
    public SlaveTrack? ReaderOf(int joint) => tracks.Find(slave => slave.IsCommanded && double.IsFinite(slave.Real[joint]));

    public SlaveSnapshot[] Snapshot(bool stopped, in Timestamp now)
    {
        var snapshots = new SlaveSnapshot[tracks.Count];
        for (var index = 0; index < snapshots.Length; index++)
            snapshots[index] = tracks[index].Snapshot(stopped, now);
        return snapshots;
    }

    private SlaveTrack Successor(SlaveBinding binding, bool isUnbound, RobotModel model, SlaveTrack? before, in Timestamp now)
    {
        var slave = new SlaveTrack(binding, isUnbound, model, timing);
        if (before is not null)
            slave.Succeed(before, now);
        return slave;
    }

    private void UpdateBindings() => Bindings = [.. tracks.Select(slave => slave.Binding)];
}

using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

/// <summary>Of what slaves are commanded, whoever commands.</summary>
public sealed partial class HistoryProperties
{
    private const double Rounding = 1e-6;

    [Fact]
    public void Nothing_is_commanded_outside_the_limits() => History.Check(history => history.Rig.WatchCommand = (slave, command) =>
    {
        foreach (var (joint, position) in Plain(history.Rig, slave, command))
            Assert.True(double.IsNaN(position) || (position >= joint.Min - Rounding && position <= joint.Max + Rounding), $"{joint.Name} at {position}");
    });

    [Fact]
    public void A_command_goes_to_the_slave_whose_index_it_has() => History.Check(history => history.Rig.WatchCommand = (slave, command) =>
    {
        var robot = history.Rig.Snapshot;
        var track = robot.Slaves.AddRange(robot.UnboundSlaves)[slave];
        Assert.Equal(command.Device, track.Binding.Name);
        Assert.True(track.State is SlaveState.Live or SlaveState.Lagging, $"{command.Device} is {track.State} and commanded");
        foreach (var ((joint, position), pose) in Plain(history.Rig, slave, command).Zip(track.Joints))
            Assert.True(double.IsNaN(position) || Math.Abs(position - pose.Commanded!.Value) <= Rounding, joint.Name);
    });

    [Fact]
    public void A_slave_begins_where_it_is_and_never_moves_faster_than_its_joints_may() => History.Check(history =>
    {
        var rig = history.Rig;
        var budgets = new Dictionary<string, Budget>();
        rig.WatchCommand = (slave, command) =>
        {
            if (!budgets.TryGetValue(command.Device, out var budget))
                budgets[command.Device] = budget = new Budget();
            budget.Check(rig, slave, command);
        };
        history.BeforeRestart = lost =>
        {
            if (lost)
                budgets.Clear(); // Where an open loop was is forgotten with the process.
        };
        history.AfterStep = () =>
        {
            foreach (var gone in budgets.Keys.Except(rig.Core.Targets.Select(slave => slave.Name)).ToArray())
                budgets.Remove(gone);
        };
    });

    /// <summary>A command in the robot's terms.</summary>
    private static IEnumerable<(Joint Joint, double Position)> Plain(Rig rig, int slave, SentCommand command)
    {
        var joints = rig.Core.Document.Model.Joints;
        for (var joint = 0; joint < joints.Length; joint++)
            yield return (joints[joint], command.Positions[joint] - OffsetOf(rig.Core.Targets[slave].JointMappings, joints[joint]));
    }

    private static double OffsetOf(ImmutableArray<JointMapping> tunes, Joint joint) =>
        tunes.Where(tune => tune.Joint == joint.Name).Sum(tune => tune.Offset);

    /// <summary>Time that each joint of a slave has saved to move: over any span t it moves velocity × (t + longest step) at most.</summary>
    private sealed class Budget
    {
        private double[] last = [];
        private double[] saved = [];
        private Timestamp at;

        public void Check(Rig rig, int slave, SentCommand command)
        {
            var longest = Rig.Timing.MaxStep.TotalSeconds;
            var model = rig.Core.Document.Model.Joints;
            var binding = rig.Core.Targets[slave];
            var robot = rig.Snapshot;
            var real = robot.Slaves.AddRange(robot.UnboundSlaves)[slave].Joints;
            if (last.Length == 0)
                (last, saved, at) = ([.. model.Select(_ => double.NaN)], new double[model.Length], command.At);
            var passed = command.At.MicrosecondsSince(at) / (double)Microseconds.PerSecond;
            at = command.At;
            for (var joint = 0; joint < model.Length; joint++)
            {
                var position = command.Positions[joint];
                // A device is told at once what was missed in a stall, another one what passed between two samples of a slow master.
                var most = Math.Max(longest, Math.Min(passed, Rig.Timing.Lease.TotalSeconds));
                saved[joint] = Math.Min(most, saved[joint] + passed);
                var needed = Math.Abs(position - last[joint]) / model[joint].MaxVelocity;
                var offset = OffsetOf(binding.JointMappings, model[joint]);
                // A device that is told to approach does so itself.
                var begins = command.Stamp.Approach && binding.Kind == SlaveKind.Device;
                if (double.IsNaN(needed) || begins || needed <= saved[joint] + Rounding)
                    saved[joint] -= double.IsNaN(needed) || begins ? 0 : needed;
                else
                    AssertBegins(model[joint], position - offset, real[joint].Real, last[joint] - offset);
                last[joint] = double.IsNaN(position) ? last[joint] : position;
            }
        }

        // It began anew: where the slave says it is, or, of an open loop, where it was last commanded, both as the present limits let it.
        private static void AssertBegins(Joint joint, double position, double? real, double before)
        {
            var step = Rig.Timing.ApproachVelocity * Rig.Timing.MaxStep.TotalSeconds + Rounding;
            var isNearReal = real is { } pose && Math.Abs(Math.Clamp(pose, joint.Min, joint.Max) - position) <= step;
            var isNearLimit = (before < joint.Min || before > joint.Max) && Math.Abs(Math.Clamp(before, joint.Min, joint.Max) - position) <= step;
            Assert.True(isNearReal || isNearLimit, $"{joint.Name} jumped from {before} to {position}, while it is at {real}");
        }
    }
}

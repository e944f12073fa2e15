using System.Collections.Immutable;
using Armada.Core.Motions;
using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain.Motions;

/// <summary>Sequences for tests, hand-written or made of random bytes.</summary>
internal static class Scripts
{
    private const int BytesPerGoal = 5;

    public static SequenceCommand Go(int at, string joint, double value, int? duration = null, double? speed = null) =>
        new(Ms(at), [new JointGoal(joint, value, speed)], duration is { } ms ? Ms(ms) : null);

    public static Sequence Of(int total, params ImmutableArray<SequenceCommand> commands) => new("s", "S", commands, false, Ms(total));

    public static Sequence Looped(int total, params ImmutableArray<SequenceCommand> commands) => Of(total, commands) with { Loop = true };

    /// <summary>A sequence within the rules and the limits of an SO-101; whether it is too fast for one is left to chance.</summary>
    public static Sequence Random(byte[] bytes, bool loop)
    {
        var joints = RobotModels.So101.Joints;
        var commands = ImmutableArray.CreateBuilder<SequenceCommand>();
        var at = 0;
        for (var i = 0; i + BytesPerGoal <= bytes.Length; i += BytesPerGoal)
        {
            var joint = joints[bytes[i] % joints.Length];
            var name = bytes[i] % 2 == 0 ? joint.Name : JointNames.ArenaOf(joint.Name);
            at += bytes[i + 1] * 4;
            int? duration = bytes[i + 3] < 80 ? null : bytes[i + 3] * 10;
            double? speed = bytes[i + 4] < 128 ? null : bytes[i + 4];
            commands.Add(Go(at, name, joint.Min + ((joint.Max - joint.Min) * bytes[i + 2] / 255), duration, speed));
        }

        if (commands.Count == 0)
            commands.Add(Go(0, "gripper", 50));
        return Of(at, commands.ToImmutable()) with { Loop = loop };
    }

    public static IMotionTrack Fit(Sequence sequence, RobotModel? model = null)
    {
        Assert.True(new SequenceMotion(sequence).TryFit(model ?? RobotModels.So101, out var track, out var misfit), misfit);
        return track;
    }

    public static string Misfit(Sequence sequence, RobotModel? model = null)
    {
        Assert.False(new SequenceMotion(sequence).TryFit(model ?? RobotModels.So101, out _, out var misfit), "it fits");
        return misfit;
    }

    public static double[] Unknown(RobotModel? model = null)
    {
        var pose = new double[(model ?? RobotModels.So101).Joints.Length];
        pose.AsSpan().Fill(double.NaN);
        return pose;
    }

    /// <summary>The first joint's position.</summary>
    public static double PanAt(this IMotionTrack track, int ms)
    {
        var pose = Unknown();
        track.PoseAt(ms * 1000L, pose);
        return pose[0];
    }

    public static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}

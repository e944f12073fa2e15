using System.ComponentModel;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Silo.Audit;

namespace Armada.Silo.Api;

/// <summary>A master to be bound.</summary>
internal sealed record MasterBody(
    [property: Description("device, remote or sequence.")] string Type,
    [property: Description("Of a device, its name; it may be offline and goes live with its first frame.")] string? Device = null,
    [property: Description("Of a remote program, the name it commands under.")] string? Name = null,
    [property: Description("Of a sequence, its id.")] string? Sequence = null,
    [property: Description("Of a sequence, begin again at the end; left out, as the sequence says.")] bool? Loop = null,
    [property: Description("Take the place of another master, or the device from another robot or role.")] bool Takeover = false)
    : IAudited
{
    string? IAudited.Detail
    {
        get
        {
            var what = $"{Type} {Device ?? Name ?? Sequence}";
            return Takeover ? $"{what}, takeover" : what;
        }
    }

    /// <summary>Checks it.</summary>
    public void Check(RequestRules rules)
    {
        if (!KindNames.TryGetMaster(Type, out var kind))
        {
            rules.Add("type", $"'{Type}' is unknown; known are {KindNames.Masters}");
            return;
        }

        Member(rules, "device", Device, kind == MasterKind.Device);
        Member(rules, "name", Name, kind == MasterKind.Remote);
        Member(rules, "sequence", Sequence, kind == MasterKind.Sequence);
        if (kind != MasterKind.Sequence)
            rules.Absent("loop", Loop, $"a master of type {Type}");
    }

    private void Member(RequestRules rules, string field, string? value, bool isNeeded)
    {
        if (isNeeded)
            rules.Name(field, value);
        else
            rules.Absent(field, value, $"a master of type {Type}");
    }
}

/// <summary>Where joints are to go.</summary>
internal sealed record CommandBody(
    [property: Description("1 to 32, each joint once.")] IReadOnlyList<JointGoalBody> Joints,
    [property: Description("Milliseconds to take, up to an hour; left out or 0, as fast as speeds and limits let it.")] double? DurationMs = null)
{
    /// <summary>The command that is meant, and what is wrong with it.</summary>
    public JointCommand ToCommand(RequestRules rules) => ToCommand(Joints, DurationMs, rules);

    /// <summary>The command that is meant, and what is wrong with it.</summary>
    public static JointCommand ToCommand(IReadOnlyList<JointGoalBody> joints, double? durationMs, RequestRules rules)
    {
        var goals = JointGoalBody.ToGoals(joints);
        rules.Add(GoalRules.FindProblems(goals, "joints"));
        rules.Within("duration_ms", durationMs, 0, SequenceRules.Longest.TotalMilliseconds);
        return new JointCommand(goals, durationMs is > 0 and { } ms ? Milliseconds.ToTime(ms) : null);
    }
}

/// <summary>A command of the remote program that is master.</summary>
internal sealed record RemoteCommandBody(
    [property: Description("The name it was attached under.")] string Name,
    [property: Description("The epoch it was given.")] uint Epoch,
    [property: Description("1 to 32, each joint once.")] IReadOnlyList<JointGoalBody> Joints,
    [property: Description("Milliseconds to take, up to an hour; left out or 0, as fast as speeds and limits let it.")] double? DurationMs = null);

/// <summary>A sign of life of the remote program that is master.</summary>
internal sealed record HeartbeatBody(
    [property: Description("The name it was attached under.")] string Name,
    [property: Description("The epoch it was given.")] uint Epoch);

/// <summary>Where a motion is to go on.</summary>
internal sealed record SeekBody([property: Description("Milliseconds from its beginning.")] double PositionMs);

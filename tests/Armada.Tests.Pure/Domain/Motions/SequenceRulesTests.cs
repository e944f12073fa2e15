using System.Collections.Immutable;
using Armada.Core.Motions;
using Armada.Core.Robots;
using static Armada.Tests.Pure.Domain.Motions.Scripts;

namespace Armada.Tests.Pure.Domain.Motions;

public sealed class SequenceRulesTests
{
    private static readonly SequenceCommand Sound = Go(0, "gripper", 50, 100, 10);

    public static TheoryData<Sequence, string> Unsound => new()
    {
        { Of(1000, Sound) with { Id = "" }, "id" },
        { Of(1000, Sound) with { Name = " " }, "name" },
        { Of(1000, Sound) with { Name = new string('n', 65) }, "name" },
        { Of(1000) with { Commands = [] }, "commands" },
        { Of(1000) with { Commands = default }, "commands" },
        { Of(1000, [.. Enumerable.Repeat(Sound, 1001)]), "commands" },
        { Of(-1, Sound), "total_duration" },
        { Of(3_600_001, Sound), "total_duration" },
        { Of(1000, Go(500, "gripper", 1), Go(499, "gripper", 1)), "commands[1].timestamp" },
        { Of(1000, Go(-1, "gripper", 1)), "commands[0].timestamp" },
        { Of(1000, Go(1001, "gripper", 1)), "commands[0].timestamp" },
        { Of(1000, Go(0, "gripper", 1, -1)), "commands[0].duration" },
        { Of(1000, Go(0, "gripper", 1, 3_600_001)), "commands[0].duration" },
        { Of(1000, Sound with { Metadata = new string('m', 4097) }), "commands[0].metadata" },
        { Of(1000, Sound with { Goals = [] }), "commands[0].joints" },
        { Of(1000, Sound with { Goals = default }), "commands[0].joints" },
        { Of(1000, Sound with { Goals = [.. Enumerable.Range(0, 33).Select(n => new JointGoal($"j{n}", 0))] }), "commands[0].joints" },
        { Of(1000, Sound, Go(0, "", 1)), "commands[1].joints[0].name" },
        { Of(1000, Go(0, new string('j', 65), 1)), "commands[0].joints[0].name" },
        { Of(1000, Sound with { Goals = [new("Jaw", 1), new("elbow", 1), new("gripper", 1)] }), "commands[0].joints[2].name" },
        { Of(1000, Go(0, "gripper", double.NaN)), "commands[0].joints[0].value" },
        { Of(1000, Go(0, "gripper", double.PositiveInfinity)), "commands[0].joints[0].value" },
        { Of(1000, Go(0, "gripper", -360.1)), "commands[0].joints[0].value" },
        { Of(1000, Go(0, "gripper", 1, speed: 0)), "commands[0].joints[0].speed" },
        { Of(1000, Go(0, "gripper", 1, speed: double.NaN)), "commands[0].joints[0].speed" },
        { Of(1000, Go(0, "gripper", 1, speed: double.PositiveInfinity)), "commands[0].joints[0].speed" },
    };

    [Theory]
    [MemberData(nameof(Unsound), DisableDiscoveryEnumeration = true)]
    public void A_problem_is_found_and_its_field_named(Sequence sequence, string path) =>
        Assert.Equal(path, Assert.Single(SequenceRules.FindProblems(sequence)).Path);

    [Fact]
    public void Every_problem_is_found_at_once()
    {
        var sequence = Of(1000, Go(2000, "", 400), Go(0, "gripper", 1, -5, -1)) with { Name = "" };

        Assert.Equal(
            [
                "name", "commands[0].timestamp", "commands[0].joints[0].name", "commands[0].joints[0].value",
                "commands[1].timestamp", "commands[1].duration", "commands[1].joints[0].speed",
            ],
            SequenceRules.FindProblems(sequence).Select(problem => problem.Path));
    }

    [Fact]
    public void The_bounds_themselves_are_allowed()
    {
        var goals = Enumerable.Range(0, 32).Select(n => new JointGoal($"j{n}", n % 2 == 0 ? 360 : -360, 0.001)).ToImmutableArray();
        var command = new SequenceCommand(TimeSpan.FromHours(1), goals, TimeSpan.FromHours(1));

        Assert.Empty(SequenceRules.FindProblems(Of(3_600_000, [.. Enumerable.Repeat(command, 1000)])));
    }

    [Fact]
    public void Sequences_are_equal_by_their_content()
    {
        Assert.Equal(Of(1000, Go(0, "gripper", 1)), Of(1000, Go(0, "gripper", 1)));
        Assert.NotEqual(Of(1000, Go(0, "gripper", 1)), Of(1000, Go(0, "gripper", 2)));
        Assert.Equal(Of(1000, Go(0, "gripper", 1)).GetHashCode(), Of(1000, Go(0, "gripper", 1)).GetHashCode());
    }
}

using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Testing.Logging;
using Xunit;

namespace Armada.Testing.Sequences;

/// <summary>What every adapter of <see cref="ISequences"/> must do. A case takes the first door and the last, wherever both are.</summary>
public abstract class SequencesConformance : IAsyncLifetime
{
    private static readonly string[] BuiltIn = [.. Demonstrations.All.Select(sequence => sequence.Id)];

    protected FailOnLoggedErrors Logs { get; } = new();

    private ISequencesUnderTest Rig { get; set; } = null!;

    private ISequences Here => Rig.Doors[0];

    private ISequences There => Rig.Doors[^1];

    /// <summary>Starts without stored sequences.</summary>
    protected abstract Task<ISequencesUnderTest> StartAsync();

    public async Task InitializeAsync() => Rig = await StartAsync();

    public async Task DisposeAsync()
    {
        await Rig.DisposeAsync();
        Logs.Dispose();
    }

    [Fact]
    public async Task The_built_in_ones_are_there_and_cannot_be_changed()
    {
        Assert.Equal(BuiltIn, await Here.ListAsync(default));
        foreach (var id in BuiltIn)
        {
            var found = await There.FindAsync(id, default);
            Assert.Equal(new VersionedSequence(Demonstrations.Find(id)!, 1, IsBuiltIn: true), found);
            Assert.Equal(new SequenceAnswer(SequenceRefusal.BuiltIn, found), await Here.PutAsync(Make(id), null, default));
            Assert.Equal(new SequenceAnswer(SequenceRefusal.BuiltIn, found), await Here.DeleteAsync(id, new ExpectedVersion(1), default));
        }
    }

    [Fact]
    public async Task What_one_keeps_the_other_finds_and_both_find_it_after_a_restart()
    {
        var nod = Make("nod");
        Assert.Equal(Kept(nod, 1), await Here.PutAsync(nod, null, default));
        Assert.Equal(Kept(nod, 1), await There.PutAsync(nod, null, default));
        var slow = Make("nod", loop: true);
        Assert.Equal(Kept(slow, 2), await There.PutAsync(slow, null, default));
        await Here.PutAsync(Make("a-first"), null, default);

        for (var restart = 0; restart < 2; restart++)
        {
            Assert.Equal(new VersionedSequence(slow, 2, IsBuiltIn: false), await Here.FindAsync("nod", default));
            Assert.Equal(new VersionedSequence(slow, 2, IsBuiltIn: false), await There.FindAsync("nod", default));
            Assert.Equal(["a-first", .. BuiltIn[..1], "nod", .. BuiltIn[1..]], await There.ListAsync(default));
            await Rig.RestartAsync();
        }
    }

    [Fact]
    public async Task What_is_deleted_is_gone_and_begins_anew()
    {
        await Here.PutAsync(Make("nod"), null, default);
        await Here.PutAsync(Make("nod", loop: true), null, default);

        Assert.Equal(new SequenceAnswer(null, null), await There.DeleteAsync("nod", null, default));

        Assert.Null(await Here.FindAsync("nod", default));
        Assert.Equal(SequenceRefusal.Unknown, (await Here.DeleteAsync("nod", null, default)).Refused);
        await Rig.RestartAsync();
        Assert.Null(await There.FindAsync("nod", default));
        Assert.Equal(BuiltIn, await There.ListAsync(default));
        Assert.Equal(Kept(Make("nod"), 1), await Here.PutAsync(Make("nod"), null, default));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("")]
    [InlineData("no/name")]
    public async Task An_id_that_nobody_has_is_unknown(string id)
    {
        Assert.Null(await Here.FindAsync(id, default));
        Assert.Equal(new SequenceAnswer(SequenceRefusal.Unknown, null), await Here.DeleteAsync(id, null, default));
    }

    [Fact]
    public async Task A_change_for_another_version_is_refused_and_told_what_there_is()
    {
        var (nod, other) = (Make("nod"), Make("nod", loop: true));
        Assert.Equal(new SequenceAnswer(SequenceRefusal.Changed, null), await Here.PutAsync(nod, new ExpectedVersion(1), default));
        Assert.Equal(Kept(nod, 1), await Here.PutAsync(nod, new ExpectedVersion(null), default));

        foreach (var wrong in new long?[] { null, 0, 2 })
        {
            Assert.Equal(Kept(nod, 1) with { Refused = SequenceRefusal.Changed }, await There.PutAsync(other, new ExpectedVersion(wrong), default));
            Assert.Equal(Kept(nod, 1) with { Refused = SequenceRefusal.Changed }, await There.DeleteAsync("nod", new ExpectedVersion(wrong), default));
        }

        Assert.Equal(Kept(other, 2), await There.PutAsync(other, new ExpectedVersion(1), default));
        Assert.Null((await Here.DeleteAsync("nod", new ExpectedVersion(2), default)).Refused);
    }

    [Fact]
    public async Task Of_many_changes_for_one_version_one_is_made()
    {
        await Here.PutAsync(Make("nod"), null, default);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(n =>
            (n % 2 == 0 ? Here : There).PutAsync(Make("nod", name: $"IdentifyMotion {n}"), new ExpectedVersion(1), default).AsTask()));

        var made = Assert.Single(answers, answer => answer.Refused is null);
        Assert.Equal(19, answers.Count(answer => answer.Refused == SequenceRefusal.Changed));
        Assert.Equal(made.Current, await There.FindAsync("nod", default));
    }

    [Fact]
    public async Task There_is_room_for_so_many_and_for_another_when_one_is_gone()
    {
        var ids = Enumerable.Range(0, SequenceChanges.Most).Select(n => $"s{n}").ToArray();
        foreach (var some in ids.Chunk(50))
            Assert.All(await Task.WhenAll(some.Select(id => Here.PutAsync(Make(id), null, default).AsTask())), answer => Assert.Null(answer.Refused));

        Assert.Equal(new SequenceAnswer(SequenceRefusal.TooMany, null), await There.PutAsync(Make("more"), null, default));
        Assert.Null((await There.PutAsync(Make("s7", loop: true), null, default)).Refused);
        Assert.Equal(SequenceChanges.Most + BuiltIn.Length, (await There.ListAsync(default)).Count);
        await Here.DeleteAsync("s8", null, default);
        Assert.Null((await There.PutAsync(Make("more"), null, default)).Refused);
    }

    private static SequenceAnswer Kept(Sequence sequence, long version) => new(null, new VersionedSequence(sequence, version, IsBuiltIn: false));

    private static Sequence Make(string id, bool loop = false, string name = "IdentifyMotion") => new(
        id,
        name,
        [
            new SequenceCommand(TimeSpan.Zero, [new JointGoal("wrist_flex", 20, 60)], TimeSpan.FromSeconds(1), """{"b":[1,{"c":null}]}"""),
            new SequenceCommand(TimeSpan.FromSeconds(1), [new JointGoal("gripper", 5.5)]),
        ],
        loop,
        TimeSpan.FromMilliseconds(2500.5));
}

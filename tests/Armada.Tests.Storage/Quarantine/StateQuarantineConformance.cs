using Armada.Grains.Storage;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Quarantine;

/// <summary>What setting a record aside does, wherever it is stored.</summary>
public abstract class StateQuarantineConformance(StorageHost host)
{
    private const string Name = "arm";
    private static int lastArm;

    private readonly GrainId arm = OrleansParts.Arm($"aside-{Interlocked.Increment(ref lastArm)}/left");

    [Fact]
    public async Task A_record_that_was_set_aside_is_gone_for_the_grain_and_kept_with_its_reason()
    {
        var state = await WriteAsync(1);
        var bytes = await host.RawAsync(Name, arm);
        var before = DateTimeOffset.UtcNow.AddMilliseconds(-1);

        Assert.True(await host.Quarantine.SetAsideAsync(Name, arm, state.ETag!, "a limit of joint 'wrist' is not a number"));

        Assert.Null(await host.RawAsync(Name, arm));
        var kept = await KeptAsync();
        Assert.Equal((Name, arm, state.ETag), (kept.StateName, kept.GrainId, kept.ETag));
        Assert.InRange(kept.At, before, DateTimeOffset.UtcNow);
        Assert.Equal("a limit of joint 'wrist' is not a number", kept.Reason);
        Assert.Equal(bytes, kept.Data.ToArray());
    }

    [Fact]
    public async Task The_grain_starts_anew_and_can_be_written()
    {
        var state = await WriteAsync(1);
        await host.Quarantine.SetAsideAsync(Name, arm, state.ETag!, "refused");

        await WriteAsync(2);

        var read = new GrainState<ArmState>();
        await host.Grains.ReadStateAsync(Name, arm, read);
        Assert.Equal(2, read.State!.Version);
    }

    [Fact]
    public async Task A_newer_record_is_never_set_aside_by_mistake()
    {
        var state = await WriteAsync(1);
        var old = state.ETag;
        await host.Grains.WriteStateAsync(Name, arm, state);

        Assert.False(await host.Quarantine.SetAsideAsync(Name, arm, old!, "refused"));

        Assert.NotNull(await host.RawAsync(Name, arm));
        Assert.DoesNotContain(await host.Quarantine.ListAsync(), kept => kept.GrainId == arm);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_set_aside()
    {
        Assert.False(await host.Quarantine.SetAsideAsync(Name, arm, "1", "refused"));
        Assert.DoesNotContain(await host.Quarantine.ListAsync(), kept => kept.GrainId == arm);
    }

    [Fact]
    public async Task An_unreadable_record_is_set_aside_by_what_its_error_says_and_no_other_record_with_it()
    {
        await WriteAsync(1);
        var other = OrleansParts.Arm(arm.Key + "-other");
        await host.Grains.WriteStateAsync(Name, other, new GrainState<ArmState>(ArmState.Of(3)));
        var half = (await host.RawAsync(Name, arm))![..50];
        await host.OverwriteAsync(Name, arm, half);
        var unreadable = await Assert.ThrowsAsync<UnreadableStateException>(
            () => host.Grains.ReadStateAsync(Name, arm, new GrainState<ArmState>()));

        Assert.True(await host.Quarantine.SetAsideAsync(unreadable.StateName, unreadable.GrainId, unreadable.ETag, unreadable.Reason));

        Assert.Equal(half, (await KeptAsync()).Data.ToArray());
        var read = new GrainState<ArmState>();
        await host.Grains.ReadStateAsync(Name, arm, read);
        Assert.False(read.RecordExists);
        Assert.NotNull(await host.RawAsync(Name, other));
    }

    [Fact]
    public async Task What_was_set_aside_is_listed_the_latest_first_and_as_much_as_asked_for()
    {
        for (var version = 1; version <= 3; version++)
        {
            var state = await WriteAsync(version);
            await host.Quarantine.SetAsideAsync(Name, arm, state.ETag!, $"reason {version}");
        }

        var listed = await host.Quarantine.ListAsync(limit: 2);

        Assert.Equal(["reason 3", "reason 2"], listed.Select(kept => kept.Reason));
        Assert.Equal(3, (await host.Quarantine.ListAsync()).Count(kept => kept.GrainId == arm));
    }

    private async Task<GrainState<ArmState>> WriteAsync(int version)
    {
        var state = new GrainState<ArmState>(ArmState.Of(version));
        await host.Grains.WriteStateAsync(Name, arm, state);
        return state;
    }

    private async Task<QuarantinedState> KeptAsync() => Assert.Single(await host.Quarantine.ListAsync(), kept => kept.GrainId == arm);
}

public sealed class SqliteStateQuarantineTests(SqliteHost host) : StateQuarantineConformance(host), IClassFixture<SqliteHost>;

public sealed class RedisStateQuarantineTests(RedisHost host) : StateQuarantineConformance(host), IClassFixture<RedisHost>;

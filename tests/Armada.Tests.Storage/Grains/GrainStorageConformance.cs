using Armada.Grains.Storage;
using Armada.Tests.Storage.Support;
using Orleans.Storage;

namespace Armada.Tests.Storage.Grains;

/// <summary>What every grain storage does. All calls are made outside of any grain, as the robots' runtime makes them.</summary>
public abstract class GrainStorageConformance(StorageHost host)
{
    private const string Name = "arm";
    private static int lastArm;

    private readonly GrainId arm = OrleansParts.Arm($"arm-{Interlocked.Increment(ref lastArm)}");

    protected StorageHost Host => host;

    [Fact]
    public async Task A_record_that_was_never_written_reads_as_a_new_state()
    {
        var state = new GrainState<ArmState>(ArmState.Of(7), "old") { RecordExists = true };

        await host.Grains.ReadStateAsync(Name, arm, state);

        Assert.Equal("", state.State!.Name);
        Assert.Null(state.ETag);
        Assert.False(state.RecordExists);
    }

    [Fact]
    public async Task What_one_activation_writes_the_next_one_reads()
    {
        var written = await WriteAsync(1);
        Assert.True(written.RecordExists);

        var read = await ReadAsync();

        Assert.True(read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equal(1, read.State!.Version);
        Assert.True(read.State!.IsWhole);
    }

    [Fact]
    public async Task Every_write_has_another_etag()
    {
        var state = await WriteAsync(1);
        var first = state.ETag;

        await host.Grains.WriteStateAsync(Name, arm, state);

        Assert.NotEqual(first, state.ETag);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_write_without_an_etag_is_refused_where_there_is_a_record(string? etag)
    {
        await WriteAsync(1);
        await RefusesAsync(state => host.Grains.WriteStateAsync(Name, arm, state), new(ArmState.Of(2), etag), stands: 1);
    }

    [Fact]
    public async Task A_write_with_an_old_etag_is_refused()
    {
        var state = await WriteAsync(1);
        var old = state.ETag;
        state.State = ArmState.Of(2);
        await host.Grains.WriteStateAsync(Name, arm, state);

        await RefusesAsync(stale => host.Grains.WriteStateAsync(Name, arm, stale), new(ArmState.Of(3), old), stands: 2);
    }

    [Fact]
    public async Task A_write_with_an_etag_is_refused_where_there_is_no_record() =>
        await RefusesAsync(state => host.Grains.WriteStateAsync(Name, arm, state), new(ArmState.Of(1), "1"), stands: null);

    [Fact]
    public async Task Clearing_deletes_and_the_state_is_new()
    {
        var state = await WriteAsync(1);

        await host.Grains.ClearStateAsync(Name, arm, state);

        Assert.Null(state.ETag);
        Assert.False(state.RecordExists);
        Assert.Equal(0, state.State!.Version);
        Assert.Null(await host.RawAsync(Name, arm));
        Assert.False((await ReadAsync()).RecordExists);
    }

    [Fact]
    public async Task After_clearing_it_can_be_written_anew_and_the_etag_from_before_is_worth_nothing()
    {
        var state = await WriteAsync(1);
        var old = state.ETag;
        await host.Grains.ClearStateAsync(Name, arm, state);
        state.State = ArmState.Of(2);
        await host.Grains.WriteStateAsync(Name, arm, state);

        await RefusesAsync(stale => host.Grains.WriteStateAsync(Name, arm, stale), new(ArmState.Of(3), old), stands: 2);
    }

    [Fact]
    public async Task Clearing_with_an_old_etag_or_none_is_refused()
    {
        var state = await WriteAsync(1);
        var old = state.ETag;
        state.State = ArmState.Of(2);
        await host.Grains.WriteStateAsync(Name, arm, state);

        await RefusesAsync(stale => host.Grains.ClearStateAsync(Name, arm, stale), new(ArmState.Of(3), old), stands: 2);
        await RefusesAsync(stale => host.Grains.ClearStateAsync(Name, arm, stale), new(ArmState.Of(3)), stands: 2);
    }

    [Fact]
    public async Task Clearing_what_is_not_there_is_no_error_and_with_an_etag_it_is()
    {
        await host.Grains.ClearStateAsync(Name, arm, new GrainState<ArmState>(ArmState.Of(1)));
        await RefusesAsync(state => host.Grains.ClearStateAsync(Name, arm, state), new(ArmState.Of(1), "1"), stands: null);
    }

    [Fact]
    public async Task Records_differ_by_grain_type_key_case_and_state_name()
    {
        (string Name, GrainId Id)[] records =
        [
            (Name, arm),
            (Name + "2", arm),
            (Name, OrleansParts.Arm(arm.Key.ToString()!.ToUpperInvariant())),
            (Name, OrleansParts.Arm(arm.Key + "/" + Name)),
            (Name, GrainId.Create("armada.other", arm.Key.ToString()!)),
            (Name, OrleansParts.Arm(arm.Key + " ünïcödé 🦾 ' \" --")),
        ];
        foreach (var (index, (name, id)) in records.Index())
            await host.Grains.WriteStateAsync(name, id, new GrainState<ArmState>(ArmState.Of(index + 1)));

        foreach (var (index, (name, id)) in records.Index())
        {
            var read = new GrainState<ArmState>();
            await host.Grains.ReadStateAsync(name, id, read);
            Assert.Equal(index + 1, read.State!.Version);
        }
    }

    [Fact]
    public async Task The_stored_bytes_are_those_of_the_serializer_of_Orleans()
    {
        await WriteAsync(1);
        Assert.Equal(OrleansParts.Serializer.Serialize(ArmState.Of(1)).ToArray(), await host.RawAsync(Name, arm));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2_000_000)]
    public async Task A_document_may_be_empty_or_large(int size)
    {
        await host.Grains.WriteStateAsync(Name, arm, new GrainState<ArmState>(ArmState.Of(1, size)));
        Assert.Equal(size, (await ReadAsync()).State!.Filler.Length);
    }

    [Fact]
    public async Task Of_activations_that_write_at_the_same_time_one_succeeds()
    {
        var etag = (await WriteAsync(1)).ETag;

        var results = await Task.WhenAll(Enumerable.Range(2, 20).Select(version => Task.Run(async () =>
        {
            try
            {
                await host.Grains.WriteStateAsync(Name, arm, new GrainState<ArmState>(ArmState.Of(version), etag));
                return version;
            }
            catch (InconsistentStateException)
            {
                return 0;
            }
        })));

        Assert.Equal(Assert.Single(results, version => version != 0), (await ReadAsync()).State!.Version);
    }

    [Fact]
    public async Task Many_grains_write_at_the_same_time()
    {
        var arms = Enumerable.Range(0, 200).Select(index => OrleansParts.Arm($"{arm.Key}-{index}")).ToArray();

        await Task.WhenAll(arms.Select(id => Task.Run(async () =>
        {
            var state = new GrainState<ArmState>(new ArmState());
            for (var version = 1; version <= 10; version++)
            {
                state.State = ArmState.Of(version);
                await host.Grains.WriteStateAsync(Name, id, state);
            }
        })));

        foreach (var id in arms)
        {
            var read = new GrainState<ArmState>();
            await host.Grains.ReadStateAsync(Name, id, read);
            Assert.Equal(10, read.State!.Version);
        }
    }

    [Fact]
    public async Task Bytes_that_cannot_be_read_are_named_and_left_as_they_are()
    {
        var written = await WriteAsync(1);
        var garbage = (await host.RawAsync(Name, arm))![..^50];
        await host.OverwriteAsync(Name, arm, garbage);

        var unreadable = await Assert.ThrowsAsync<UnreadableStateException>(ReadAsync);

        Assert.Equal((Name, arm, written.ETag), (unreadable.StateName, unreadable.GrainId, unreadable.ETag));
        Assert.StartsWith($"state 'arm' of grain '{arm}' cannot be read: ", unreadable.Message, StringComparison.Ordinal);
        Assert.Equal(garbage, await host.RawAsync(Name, arm));
    }

    [Fact]
    public async Task Any_sequence_of_reads_writes_and_clears_does_what_a_dictionary_with_etags_does()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var ids = Enumerable.Range(0, 3).Select(index => OrleansParts.Arm($"{arm.Key}-{index}")).ToArray();
        var model = new Dictionary<GrainId, (string ETag, int Version)>();
        var etags = new List<string?> { null, "none" };
        for (var step = 1; step <= 500; step++)
        {
            var id = ids[random.Next(ids.Length)];
            var etag = random.Next(3) > 0 && model.TryGetValue(id, out var current) ? current.ETag : etags[random.Next(etags.Count)];
            var state = new GrainState<ArmState>(ArmState.Of(step, random.Next(300)), etag);
            var isAllowed = model.TryGetValue(id, out var stored) ? etag == stored.ETag : etag is null;
            switch (random.Next(5))
            {
                case 0:
                    await host.Grains.ReadStateAsync(Name, id, state);
                    break;
                case 1:
                    var isCleared = await DoneAsync(host.Grains.ClearStateAsync(Name, id, state));
                    Assert.True(isCleared == isAllowed, $"clear, step {step}, seed {seed}");
                    if (isAllowed)
                        model.Remove(id);
                    break;
                default:
                    var isWritten = await DoneAsync(host.Grains.WriteStateAsync(Name, id, state));
                    Assert.True(isWritten == isAllowed, $"write, step {step}, seed {seed}");
                    if (!isAllowed)
                        break;
                    model[id] = (state.ETag!, step);
                    etags.Add(state.ETag);
                    break;
            }

            var read = new GrainState<ArmState>();
            await host.Grains.ReadStateAsync(Name, id, read);
            var expected = model.TryGetValue(id, out var now) ? (true, now.ETag, now.Version) : (false, null, 0);
            Assert.True((read.RecordExists, read.ETag, read.State!.Version) == expected, $"read, step {step}, seed {seed}");
        }
    }

    private static async Task<bool> DoneAsync(Task change)
    {
        try
        {
            await change;
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    private async Task<GrainState<ArmState>> WriteAsync(int version)
    {
        var state = new GrainState<ArmState>(ArmState.Of(version));
        await host.Grains.WriteStateAsync(Name, arm, state);
        return state;
    }

    private async Task<GrainState<ArmState>> ReadAsync()
    {
        var state = new GrainState<ArmState>();
        await host.Grains.ReadStateAsync(Name, arm, state);
        return state;
    }

    private async Task RefusesAsync(Func<GrainState<ArmState>, Task> change, GrainState<ArmState> state, int? stands)
    {
        var (version, etag) = (state.State!.Version, state.ETag);
        await Assert.ThrowsAsync<InconsistentStateException>(() => change(state));
        Assert.Equal((version, etag), (state.State!.Version, state.ETag));
        var read = await ReadAsync();
        Assert.Equal((stands is not null, stands ?? 0), (read.RecordExists, read.State!.Version));
    }
}

public sealed class SqliteGrainStorageTests(SqliteHost host) : GrainStorageConformance(host), IClassFixture<SqliteHost>
{
    [Fact]
    public async Task Bytes_that_the_disk_has_changed_are_never_taken_for_a_document()
    {
        await using var file = await SqliteFile.OpenedAsync();
        var id = OrleansParts.Arm("changed");
        await file.Grains.WriteStateAsync("arm", id, new GrainState<ArmState>(ArmState.Of(65)));
        file.Sql<object>("UPDATE grain_state SET data = CAST(REPLACE(CAST(data AS TEXT), 'AAA', 'AAB') AS BLOB)");

        var unreadable = await Assert.ThrowsAsync<UnreadableStateException>(
            () => file.Grains.ReadStateAsync("arm", id, new GrainState<ArmState>()));

        Assert.Equal("the disk has changed its bytes since they were written", unreadable.Reason);
    }
}

public sealed class RedisGrainStorageTests(RedisHost host) : GrainStorageConformance(host), IClassFixture<RedisHost>
{
    [Fact]
    public async Task A_redis_that_cannot_be_reached_is_no_unreadable_document()
    {
        var own = new RedisHost();
        try
        {
            await own.InitializeAsync();
            await own.Redis.StopAsync();
            var id = OrleansParts.Arm("unreached");
            var state = new GrainState<ArmState>(new ArmState());

            await Assert.ThrowsAsync<StorageReadException>(() => own.Grains.ReadStateAsync("arm", id, state));
            await Assert.ThrowsAsync<StorageWriteException>(() => own.Grains.WriteStateAsync("arm", id, state));
            await Assert.ThrowsAsync<StorageWriteException>(() => own.Grains.ClearStateAsync("arm", id, state));
            await Assert.ThrowsAsync<StorageWriteException>(() => own.Quarantine.SetAsideAsync("arm", id, "1", "reason"));
            await Assert.ThrowsAsync<StorageReadException>(() => own.Quarantine.ListAsync());
        }
        finally
        {
            await own.DisposeAsync();
        }
    }
}

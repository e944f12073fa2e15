using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Fleet;

/// <summary>The directory of all robots and the fleet's stop.</summary>
[GrainType("armada.fleet"), KeepAlive]
public sealed partial class FleetGrain(
    [PersistentState("fleet", GrainStores.Armada)] IPersistentState<FleetState> state, TimeProvider time, ILogger<FleetGrain> logger)
    : Grain, IFleetGrain, IDisposable
{
    private const string Unreached = "the cluster's store cannot be reached";

    private readonly SemaphoreSlim writing = new(1);
    private ImmutableSortedSet<string> robots = [];
    private FleetLatch latch = new(false, 0);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (robots, latch) = (state.State.Robots, new FleetLatch(state.State.Stopped, state.State.Version));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => writing.Dispose();

    /// <inheritdoc/>
    public Task<FleetDirectory> RollAsync() => Task.FromResult(new FleetDirectory(robots, latch));

    /// <inheritdoc/>
    public async Task<FleetEntry> RegisterAsync(string robot)
    {
        if (robots.Contains(robot))
            return new FleetEntry(null, latch);
        robots = robots.Add(robot);
        if (await WriteAsync() is not { } failure)
            return new FleetEntry(null, latch);
        robots = robots.Remove(robot);
        return new FleetEntry(new Refusal(RefusalReason.NotStored, $"nothing was changed: {failure}; ask again when it is back"), latch);
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(string robot)
    {
        robots = robots.Remove(robot);
        if (await WriteAsync() is { } failure)
            LogNotForgotten(robot, failure); // The name of a robot that is not there does no harm.
    }

    /// <inheritdoc/>
    public async Task<FleetReply> StopAsync(string door)
    {
        var stop = latch = new FleetLatch(true, NextVersion());
        var told = await TellAllAsync(door, stop);
        LogStop();
        var failure = await WriteAsync();
        return new FleetReply(
            failure is null ? null : new Refusal(RefusalReason.NotStored, $"the fleet's stop is in force, but a restart of the cluster would forget it: {failure}"),
            told);
    }

    /// <inheritdoc/>
    public async Task<FleetReply> ResetAsync(string door)
    {
        var release = new FleetLatch(false, NextVersion());
        if (await WriteAsync(release) is { } failure)
            return new FleetReply(new Refusal(RefusalReason.NotStored, $"nothing was changed: {failure}; ask again when it is back"), []);
        if (release.Version < latch.Version)
            return new FleetReply(null, []); // A stop came meanwhile, and stands.
        latch = release;
        var told = await TellAllAsync(door, release);
        LogReset();
        return new FleetReply(null, told);
    }
}

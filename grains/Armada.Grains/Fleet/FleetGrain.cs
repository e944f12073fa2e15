using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Placement;

namespace Armada.Grains.Fleet;

/// <summary>The directory of all robots and the fleet's stop. Calls interleave, writes do not.</summary>
[GrainType("armada.fleet"), KeepAlive, Reentrant]
public sealed partial class FleetGrain : Grain, IFleetGrain, IGrainMigrationParticipant, IDisposable
{
    private const string LatchKey = "armada.latch";

    private readonly TimeProvider time;
    private readonly ILogger<FleetGrain> logger;
    private readonly StoredState<FleetState> stored;
    private readonly SemaphoreSlim writing = new(1);
    private ImmutableSortedSet<string> robots = [];
    private FleetLatch latch = new(false, 0);
    private long lastVersion;

    /// <summary>Made by Orleans.</summary>
    public FleetGrain(TimeProvider time, ILogger<FleetGrain> logger)
    {
        (this.time, this.logger) = (time, logger);
        stored = new StoredState<FleetState>(GrainContext, "fleet");
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await stored.ReadAsync();
        robots = stored.Value.Robots;
        var known = new FleetLatch(stored.Value.Stopped, stored.Value.Version);
        if (stored.WasSetAside)
        {
            known = new FleetLatch(true, NextVersion()); // A stop must never be lost.
            LogStopAssumed();
        }

        if (known.Version >= latch.Version) // A stop that could not be stored comes along when the grain moves.
            latch = known;
        if (stored.WasSetAside)
            await WriteAsync();
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue(LatchKey, latch);

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetValue<FleetLatch>(LatchKey, out var brought) && brought is not null)
            latch = brought;
    }

    public void Dispose() => writing.Dispose();

    public Task<FleetDirectory> ReadAsync() => Task.FromResult(new FleetDirectory(robots, latch));

    public async Task<FleetEntry> RegisterAsync(string robot)
    {
        if (robots.Contains(robot))
            return new FleetEntry(null, latch);
        robots = robots.Add(robot);
        if (await WriteAsync() is not { } failure)
            return new FleetEntry(null, latch);
        robots = robots.Remove(robot);
        return new FleetEntry(NotStored(failure), latch);
    }

    public async Task ForgetAsync(string robot)
    {
        robots = robots.Remove(robot);
        if (await WriteAsync() is { } failure)
            LogNotForgotten(robot, failure); // Listing a robot that does not exist does no harm.
    }

    public async Task<Refusal?> StopAsync(IRobotObserver observer)
    {
        var stop = latch = new FleetLatch(true, NextVersion());
        await SendToAllAsync(observer, stop);
        LogStop();
        return await WriteAsync() is { } failure
            ? new Refusal(RefusalReason.NotStored, $"the fleet's stop is in force, but a restart would forget it: {failure}")
            : null;
    }

    public async Task<Refusal?> ResetAsync(IRobotObserver observer)
    {
        var release = new FleetLatch(false, NextVersion());
        if (await WriteAsync(release) is { } failure)
            return NotStored(failure);
        if (release.Version < latch.Version)
            return null; // A stop came in the meantime, and stands.
        latch = release;
        await SendToAllAsync(observer, release);
        LogReset();
        return null;
    }

    public Task MoveAsync(SiloAddress to)
    {
        if (to.Equals(GrainContext.Address.SiloAddress))
            return Task.CompletedTask;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    // The clock keeps versions rising even over a stop that was lost with its grain before it could be stored.
    private long NextVersion() =>
        lastVersion = Math.Max(Math.Max(lastVersion, latch.Version) + 1, time.GetUtcNow().ToUnixTimeMilliseconds());

    private Task SendToAllAsync(IRobotObserver observer, FleetLatch sent) =>
        Task.WhenAll(robots.Select(robot => SendAsync(robot, observer, sent)));

    private async Task SendAsync(string robot, IRobotObserver observer, FleetLatch sent)
    {
        try
        {
            await GrainFactory.GetGrain<IRobotGrain>(robot).SetFleetStopAsync(observer, sent);
        }
        catch (Exception lost)
        {
            LogNotSent(lost, robot); // Its silo is gone; where it starts again it asks for the latch.
        }
    }

    /// <summary>Stores the directory and the latch, or a release that no newer stop has overtaken; gives null, or why it could not.</summary>
    private async Task<string?> WriteAsync(FleetLatch? release = null)
    {
        await writing.WaitAsync();
        try
        {
            var wanted = release is not null && release.Version > latch.Version ? release : latch;
            return await stored.WriteAsync(new FleetState { Robots = robots, Stopped = wanted.Stopped, Version = wanted.Version });
        }
        finally
        {
            writing.Release();
        }
    }

    private static Refusal NotStored(string failure) => new(RefusalReason.NotStored, $"nothing was changed: {failure}");

    [LoggerMessage(1620, LogLevel.Warning, "The fleet is stopped")]
    private partial void LogStop();

    [LoggerMessage(1621, LogLevel.Information, "The fleet's stop is released")]
    private partial void LogReset();

    [LoggerMessage(1622, LogLevel.Warning, "Robot {Robot} did not receive the fleet's stop or release")]
    private partial void LogNotSent(Exception lost, string robot);

    [LoggerMessage(1623, LogLevel.Warning, "The fleet's stop is latched, because it is not known whether it was: its record was set aside")]
    private partial void LogStopAssumed();

    [LoggerMessage(1625, LogLevel.Warning, "Robot {Robot} is removed but still listed: {Failure}")]
    private partial void LogNotForgotten(string robot, string failure);
}

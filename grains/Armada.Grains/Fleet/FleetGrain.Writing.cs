using System.Collections.Immutable;
using Armada.Grains.Robots;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Armada.Grains.Fleet;

/// <summary>How the fleet's latch reaches every robot and the store. Calls interleave, writes do not.</summary>
public sealed partial class FleetGrain
{
    private long lastVersion;

    // The clock keeps versions rising also over a stop that could not be stored before the grain was lost.
    private long NextVersion() =>
        lastVersion = Math.Max(Math.Max(lastVersion, latch.Version) + 1, time.GetUtcNow().ToUnixTimeMilliseconds());

    private async Task<ImmutableArray<Told>> TellAllAsync(string door, FleetLatch told)
    {
        var answers = await Task.WhenAll(robots.Select(robot => TellAsync(robot, door, told)));
        return [.. answers.OfType<Told>()];
    }

    private async Task<Told?> TellAsync(string robot, string door, FleetLatch told)
    {
        try
        {
            return await GrainFactory.GetGrain<IRobotGrain>(robot).FollowFleetAsync(door, told);
        }
        catch (Exception lost)
        {
            LogNotTold(lost, robot); // Its silo is gone; where it begins again it asks for the latch.
            return null;
        }
    }

    /// <summary>Stores the directory and a latch; of a latch that a newer one has overtaken nothing. Gives null, or why it is not stored.</summary>
    private async Task<string?> WriteAsync(FleetLatch? release = null)
    {
        await writing.WaitAsync();
        try
        {
            var wanted = release is not null && release.Version > latch.Version ? release : latch;
            state.State = new FleetState { Robots = robots, Stopped = wanted.Stopped, Version = wanted.Version };
            await state.WriteStateAsync();
            return null;
        }
        catch (InconsistentStateException conflict)
        {
            LogSuperseded(conflict);
            DeactivateOnIdle();
            return "the fleet's directory has moved to another silo meanwhile";
        }
        catch (Exception failed)
        {
            LogNotStored(failed);
            return Unreached;
        }
        finally
        {
            writing.Release();
        }
    }

    [LoggerMessage(1620, LogLevel.Warning, "The fleet is stopped")]
    private partial void LogStop();

    [LoggerMessage(1621, LogLevel.Information, "The fleet's stop is released")]
    private partial void LogReset();

    [LoggerMessage(1622, LogLevel.Warning, "Robot {Robot} was not told of the fleet's stop or release")]
    private partial void LogNotTold(Exception lost, string robot);

    [LoggerMessage(1623, LogLevel.Warning, "The fleet's directory has been written by another silo; it ends here")]
    private partial void LogSuperseded(Exception conflict);

    [LoggerMessage(1624, LogLevel.Error, "The fleet's directory could not be stored")]
    private partial void LogNotStored(Exception failed);

    [LoggerMessage(1625, LogLevel.Warning, "Robot {Robot} is gone and still listed: {Failure}")]
    private partial void LogNotForgotten(string robot, string failure);
}

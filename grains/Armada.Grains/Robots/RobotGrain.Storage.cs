using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.State;
using Orleans.Storage;

namespace Armada.Grains.Robots;

/// <summary>The robot's document in the cluster's store. The robot asks from its own turns; the store is asked in the grain's.</summary>
public sealed partial class RobotGrain : IRobotStorage
{
    private const string Unreached = "the cluster's store cannot be reached; ask again when it is back";

    private TaskScheduler turns = TaskScheduler.Default;

    /// <inheritdoc/>
    string? IRobotStorage.Obstacle => store.IsReached ? null : Unreached;

    /// <inheritdoc/>
    ValueTask<string?> IRobotStorage.SaveAsync(RobotDocument document) => new(
        Task.Factory.StartNew(() => WriteAsync(document), CancellationToken.None, TaskCreationOptions.DenyChildAttach, turns).Unwrap());

    private async Task<string?> WriteAsync(RobotDocument document)
    {
        var before = state.State;
        state.State = new RobotState { Document = document };
        var failure = await TryAsync(state.WriteStateAsync);
        if (failure is not null)
            state.State = before;
        return failure;
    }

    private Task<string?> ClearAsync() => TryAsync(state.ClearStateAsync);

    private async Task<string?> TryAsync(Func<Task> write)
    {
        try
        {
            await write();
            return null;
        }
        catch (InconsistentStateException conflict)
        {
            LogSuperseded(conflict, Id);
            DeactivateOnIdle();
            return $"{Id} has moved to another silo meanwhile; ask again";
        }
        catch (Exception failed)
        {
            LogNotStored(failed, Id);
            return Unreached;
        }
    }
}

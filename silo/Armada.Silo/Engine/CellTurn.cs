using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Armada.Domain.Time;

namespace Armada.Silo.Engine;

/// <summary>Something asked of a cell that is no sample; waits in order for its turn.</summary>
/// <param name="Decide">What the core does; the result's effects follow.</param>
internal sealed record CellTurn(Func<RobotCore, Moment, Decision> Decide)
{
    /// <summary>Done when the turn's effects are.</summary>
    public TaskCompletionSource<RobotReply> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

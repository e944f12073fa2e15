using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Silo.Engine;

/// <summary>Something asked of a cell that is no sample; waits in order for its turn.</summary>
/// <param name="Decide">What the core does; the result's effects follow.</param>
internal sealed record WorkItem(Func<RobotCore, Timestamp, Decision> Decide)
{
    /// <summary>Done when the turn's effects are.</summary>
    public TaskCompletionSource<RobotReply> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

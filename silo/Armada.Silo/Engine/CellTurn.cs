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

    /// <summary>A turn that changes nothing and so gives the robot as it is.</summary>
    public static CellTurn Look() => new((_, _) => Decision.Nothing);

    /// <summary>A turn that asks for something.</summary>
    public static CellTurn Ask(RobotRequest request) => new((core, now) => core.Apply(request, now));

    /// <summary>A turn that finds out whether something would be refused.</summary>
    public static CellTurn Check(RobotRequest request) => new((core, _) => core.Check(request));

    /// <summary>A turn that tells of a device's presence.</summary>
    public static CellTurn Presence(string device, bool online) => new((core, now) => core.OnPresence(device, online, now));
}

using Armada.Core.Robots;

namespace Armada.Grains.State;

/// <summary>What a robot's grain stores.</summary>
[GenerateSerializer, Alias("armada.state.robot")]
public sealed class RobotState
{
    /// <summary>The robot, or null where there is none.</summary>
    [Id(0)]
    public RobotDocument? Document { get; set; }
}

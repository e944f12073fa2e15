using System.Collections.Immutable;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="Joint"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.joint")]
internal struct JointSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public JointUnit Unit;
    [Id(2)] public double Min;
    [Id(3)] public double Max;
    [Id(4)] public double MaxVelocity;
    [Id(5)] public double Rest;
    [Id(6)] public JointMotion Motion;
    [Id(7)] public int? ServoId;
}

/// <summary>From a <see cref="Joint"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JointConverter : IConverter<Joint, JointSurrogate>
{
    /// <inheritdoc/>
    public Joint ConvertFromSurrogate(in JointSurrogate surrogate) => new(
        surrogate.Name, surrogate.Unit, surrogate.Min, surrogate.Max, surrogate.MaxVelocity, surrogate.Rest,
        surrogate.Motion, surrogate.ServoId);

    /// <inheritdoc/>
    public JointSurrogate ConvertToSurrogate(in Joint value) => new()
    {
        Name = value.Name,
        Unit = value.Unit,
        Min = value.Min,
        Max = value.Max,
        MaxVelocity = value.MaxVelocity,
        Rest = value.Rest,
        Motion = value.Motion,
        ServoId = value.ServoId,
    };
}

/// <summary>The form in which a <see cref="RobotModel"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.robot.model")]
internal struct RobotModelSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public ImmutableArray<Joint> Joints;
}

/// <summary>From a <see cref="RobotModel"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class RobotModelConverter : IConverter<RobotModel, RobotModelSurrogate>
{
    /// <inheritdoc/>
    public RobotModel ConvertFromSurrogate(in RobotModelSurrogate surrogate) => new(surrogate.Name, surrogate.Joints);

    /// <inheritdoc/>
    public RobotModelSurrogate ConvertToSurrogate(in RobotModel value) => new() { Name = value.Name, Joints = value.Joints };
}

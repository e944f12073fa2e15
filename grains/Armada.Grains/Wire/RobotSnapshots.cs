using System.Collections.Immutable;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="RobotSnapshot"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.robot.snapshot")]
internal struct RobotSnapshotSurrogate
{
    [Id(0)] public long At;
    [Id(1)] public RobotDocument Document;
    [Id(2)] public bool FleetStopped;
    [Id(3)] public MasterSnapshot? Master;
    [Id(4)] public ImmutableArray<SlaveSnapshot> Slaves;
    [Id(5)] public ImmutableArray<SlaveSnapshot> Guests;
    [Id(6)] public ImmutableArray<JointState> Joints;
    [Id(7)] public bool Manual;
}

/// <summary>From a <see cref="RobotSnapshot"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class RobotSnapshotConverter : IConverter<RobotSnapshot, RobotSnapshotSurrogate>
{
    /// <inheritdoc/>
    public RobotSnapshot ConvertFromSurrogate(in RobotSnapshotSurrogate surrogate) => new(
        surrogate.At, surrogate.Document, surrogate.FleetStopped, surrogate.Master, surrogate.Slaves, surrogate.Guests,
        surrogate.Joints, surrogate.Manual);

    /// <inheritdoc/>
    public RobotSnapshotSurrogate ConvertToSurrogate(in RobotSnapshot value) => new()
    {
        At = value.At,
        Document = value.Document,
        FleetStopped = value.FleetStopped,
        Master = value.Master,
        Slaves = value.Slaves,
        Guests = value.Guests,
        Joints = value.Joints,
        Manual = value.Manual,
    };
}

/// <summary>The form in which a <see cref="JointState"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.joint.state")]
internal struct JointStateSurrogate
{
    [Id(0)] public double? Commanded;
    [Id(1)] public long? CommandedAt;
    [Id(2)] public double? Virtual;
    [Id(3)] public long? VirtualAt;
    [Id(4)] public double? Real;
    [Id(5)] public long? RealAt;
    [Id(6)] public double Offset;
}

/// <summary>From a <see cref="JointState"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JointStateConverter : IConverter<JointState, JointStateSurrogate>
{
    /// <inheritdoc/>
    public JointState ConvertFromSurrogate(in JointStateSurrogate surrogate) => new(
        surrogate.Commanded, surrogate.CommandedAt, surrogate.Virtual, surrogate.VirtualAt, surrogate.Real,
        surrogate.RealAt, surrogate.Offset);

    /// <inheritdoc/>
    public JointStateSurrogate ConvertToSurrogate(in JointState value) => new()
    {
        Commanded = value.Commanded,
        CommandedAt = value.CommandedAt,
        Virtual = value.Virtual,
        VirtualAt = value.VirtualAt,
        Real = value.Real,
        RealAt = value.RealAt,
        Offset = value.Offset,
    };
}

using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="MasterSnapshot"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.master.snapshot")]
internal struct MasterSnapshotSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public MasterKind Kind;
    [Id(2)] public MasterState State;
    [Id(3)] public uint Epoch;
    [Id(4)] public TimeSpan? Age;
    [Id(5)] public double FramesPerSecond;
    [Id(6)] public bool Fault;
    [Id(7)] public FrameCounts Frames;
    [Id(8)] public PlaySnapshot? Playing;
}

/// <summary>From a <see cref="MasterSnapshot"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class MasterSnapshotConverter : IConverter<MasterSnapshot, MasterSnapshotSurrogate>
{
    /// <inheritdoc/>
    public MasterSnapshot ConvertFromSurrogate(in MasterSnapshotSurrogate surrogate) => new(
        surrogate.Name, surrogate.Kind, surrogate.State, surrogate.Epoch, surrogate.Age, surrogate.FramesPerSecond,
        surrogate.Fault, surrogate.Frames, surrogate.Playing);

    /// <inheritdoc/>
    public MasterSnapshotSurrogate ConvertToSurrogate(in MasterSnapshot value) => new()
    {
        Name = value.Name,
        Kind = value.Kind,
        State = value.State,
        Epoch = value.Epoch,
        Age = value.Age,
        FramesPerSecond = value.FramesPerSecond,
        Fault = value.Fault,
        Frames = value.Frames,
        Playing = value.Playing,
    };
}

/// <summary>The form in which a <see cref="PlaySnapshot"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.play.snapshot")]
internal struct PlaySnapshotSurrogate
{
    [Id(0)] public TimeSpan Position;
    [Id(1)] public TimeSpan Duration;
    [Id(2)] public bool Loop;
    [Id(3)] public bool Paused;
}

/// <summary>From a <see cref="PlaySnapshot"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class PlaySnapshotConverter : IConverter<PlaySnapshot, PlaySnapshotSurrogate>
{
    /// <inheritdoc/>
    public PlaySnapshot ConvertFromSurrogate(in PlaySnapshotSurrogate surrogate) => new(
        surrogate.Position, surrogate.Duration, surrogate.Loop, surrogate.Paused);

    /// <inheritdoc/>
    public PlaySnapshotSurrogate ConvertToSurrogate(in PlaySnapshot value) => new()
    {
        Position = value.Position,
        Duration = value.Duration,
        Loop = value.Loop,
        Paused = value.Paused,
    };
}

/// <summary>The form in which a <see cref="SlaveSnapshot"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.slave.snapshot")]
internal struct SlaveSnapshotSurrogate
{
    [Id(0)] public SlaveBinding Binding;
    [Id(1)] public SlaveState State;
    [Id(2)] public string? Reason;
    [Id(3)] public bool Approaching;
    [Id(4)] public TimeSpan? Age;
    [Id(5)] public double FramesPerSecond;
    [Id(6)] public bool Fault;
    [Id(7)] public long Commands;
    [Id(8)] public long? CommandedAt;
    [Id(9)] public long? RealAt;
    [Id(10)] public ImmutableArray<JointPose> Joints;
    [Id(11)] public FrameCounts Frames;
}

/// <summary>From a <see cref="SlaveSnapshot"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SlaveSnapshotConverter : IConverter<SlaveSnapshot, SlaveSnapshotSurrogate>
{
    /// <inheritdoc/>
    public SlaveSnapshot ConvertFromSurrogate(in SlaveSnapshotSurrogate surrogate) => new(
        surrogate.Binding, surrogate.State, surrogate.Reason, surrogate.Approaching, surrogate.Age,
        surrogate.FramesPerSecond, surrogate.Fault, surrogate.Commands, surrogate.CommandedAt, surrogate.RealAt,
        surrogate.Joints, surrogate.Frames);

    /// <inheritdoc/>
    public SlaveSnapshotSurrogate ConvertToSurrogate(in SlaveSnapshot value) => new()
    {
        Binding = value.Binding,
        State = value.State,
        Reason = value.Reason,
        Approaching = value.Approaching,
        Age = value.Age,
        FramesPerSecond = value.FramesPerSecond,
        Fault = value.Fault,
        Commands = value.Commands,
        CommandedAt = value.CommandedAt,
        RealAt = value.RealAt,
        Joints = value.Joints,
        Frames = value.Frames,
    };
}

/// <summary>The form in which a <see cref="JointPose"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.joint.pose")]
internal struct JointPoseSurrogate
{
    [Id(0)] public double? Commanded;
    [Id(1)] public double? Real;
}

/// <summary>From a <see cref="JointPose"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JointPoseConverter : IConverter<JointPose, JointPoseSurrogate>
{
    /// <inheritdoc/>
    public JointPose ConvertFromSurrogate(in JointPoseSurrogate surrogate) => new(surrogate.Commanded, surrogate.Real);

    /// <inheritdoc/>
    public JointPoseSurrogate ConvertToSurrogate(in JointPose value) => new() { Commanded = value.Commanded, Real = value.Real };
}

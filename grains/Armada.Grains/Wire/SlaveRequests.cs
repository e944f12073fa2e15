using System.Collections.Immutable;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="RobotRequest.BindSlave"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.bind-slave")]
internal struct BindSlaveSurrogate
{
    [Id(0)] public SlaveBinding Slave;
    [Id(1)] public bool Takeover;
}

/// <summary>From a <see cref="RobotRequest.BindSlave"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class BindSlaveConverter : IConverter<RobotRequest.BindSlave, BindSlaveSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.BindSlave ConvertFromSurrogate(in BindSlaveSurrogate surrogate) => new(surrogate.Slave, surrogate.Takeover);

    /// <inheritdoc/>
    public BindSlaveSurrogate ConvertToSurrogate(in RobotRequest.BindSlave value) => new()
    {
        Slave = value.Slave,
        Takeover = value.Takeover,
    };
}

/// <summary>The form in which an <see cref="RobotRequest.UnbindSlave"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.unbind-slave")]
internal struct UnbindSlaveSurrogate
{
    [Id(0)] public string Name;
}

/// <summary>From an <see cref="RobotRequest.UnbindSlave"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class UnbindSlaveConverter : IConverter<RobotRequest.UnbindSlave, UnbindSlaveSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.UnbindSlave ConvertFromSurrogate(in UnbindSlaveSurrogate surrogate) => new(surrogate.Name);

    /// <inheritdoc/>
    public UnbindSlaveSurrogate ConvertToSurrogate(in RobotRequest.UnbindSlave value) => new() { Name = value.Name };
}

/// <summary>The form in which a <see cref="RobotRequest.JoinSlave"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.join-slave")]
internal struct JoinSlaveSurrogate
{
    [Id(0)] public string Name;
}

/// <summary>From a <see cref="RobotRequest.JoinSlave"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JoinSlaveConverter : IConverter<RobotRequest.JoinSlave, JoinSlaveSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.JoinSlave ConvertFromSurrogate(in JoinSlaveSurrogate surrogate) => new(surrogate.Name);

    /// <inheritdoc/>
    public JoinSlaveSurrogate ConvertToSurrogate(in RobotRequest.JoinSlave value) => new() { Name = value.Name };
}

/// <summary>The form in which a <see cref="RobotRequest.LeaveSlave"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.leave-slave")]
internal struct LeaveSlaveSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public string Reason;
}

/// <summary>From a <see cref="RobotRequest.LeaveSlave"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class LeaveSlaveConverter : IConverter<RobotRequest.LeaveSlave, LeaveSlaveSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.LeaveSlave ConvertFromSurrogate(in LeaveSlaveSurrogate surrogate) => new(surrogate.Name, surrogate.Reason);

    /// <inheritdoc/>
    public LeaveSlaveSurrogate ConvertToSurrogate(in RobotRequest.LeaveSlave value) => new() { Name = value.Name, Reason = value.Reason };
}

/// <summary>The form in which a <see cref="RobotRequest.SlavePace"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.slave-pace")]
internal struct SlavePaceSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public bool Lagging;
}

/// <summary>From a <see cref="RobotRequest.SlavePace"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SlavePaceConverter : IConverter<RobotRequest.SlavePace, SlavePaceSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.SlavePace ConvertFromSurrogate(in SlavePaceSurrogate surrogate) => new(surrogate.Name, surrogate.Lagging);

    /// <inheritdoc/>
    public SlavePaceSurrogate ConvertToSurrogate(in RobotRequest.SlavePace value) => new() { Name = value.Name, Lagging = value.Lagging };
}

/// <summary>The form in which a <see cref="RobotRequest.SlaveReport"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.slave-report")]
internal struct SlaveReportSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public ImmutableArray<JointReading> Joints;
}

/// <summary>From a <see cref="RobotRequest.SlaveReport"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SlaveReportConverter : IConverter<RobotRequest.SlaveReport, SlaveReportSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.SlaveReport ConvertFromSurrogate(in SlaveReportSurrogate surrogate) => new(surrogate.Name, surrogate.Joints);

    /// <inheritdoc/>
    public SlaveReportSurrogate ConvertToSurrogate(in RobotRequest.SlaveReport value) => new() { Name = value.Name, Joints = value.Joints };
}

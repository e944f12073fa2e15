using System.Collections.Immutable;
using Armada.Core.Devices;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="MasterBinding"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.master.binding")]
internal struct MasterBindingSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public MasterKind Kind;
}

/// <summary>From a <see cref="MasterBinding"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class MasterBindingConverter : IConverter<MasterBinding, MasterBindingSurrogate>
{
    /// <inheritdoc/>
    public MasterBinding ConvertFromSurrogate(in MasterBindingSurrogate surrogate) => new(surrogate.Name, surrogate.Kind);

    /// <inheritdoc/>
    public MasterBindingSurrogate ConvertToSurrogate(in MasterBinding value) => new() { Name = value.Name, Kind = value.Kind };
}

/// <summary>The form in which a <see cref="JointMapping"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.joint.tune")]
internal struct JointMappingSurrogate
{
    [Id(0)] public string Joint;
    [Id(1)] public double Offset;
    [Id(2)] public string? Name;
}

/// <summary>From a <see cref="JointMapping"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JointMappingConverter : IConverter<JointMapping, JointMappingSurrogate>
{
    /// <inheritdoc/>
    public JointMapping ConvertFromSurrogate(in JointMappingSurrogate surrogate) => new(surrogate.Joint, surrogate.Offset, surrogate.Name);

    /// <inheritdoc/>
    public JointMappingSurrogate ConvertToSurrogate(in JointMapping value) => new()
    {
        Joint = value.Joint,
        Offset = value.Offset,
        Name = value.Name,
    };
}

/// <summary>The form in which a <see cref="SlaveBinding"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.slave.binding")]
internal struct SlaveBindingSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public SlaveKind Kind;
    [Id(2)] public string? Url;
    [Id(3)] public ImmutableArray<JointMapping> Tunes;
}

/// <summary>From a <see cref="SlaveBinding"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SlaveBindingConverter : IConverter<SlaveBinding, SlaveBindingSurrogate>
{
    /// <inheritdoc/>
    public SlaveBinding ConvertFromSurrogate(in SlaveBindingSurrogate surrogate) => new(
        surrogate.Name, surrogate.Kind, surrogate.Url, surrogate.Tunes);

    /// <inheritdoc/>
    public SlaveBindingSurrogate ConvertToSurrogate(in SlaveBinding value) => new()
    {
        Name = value.Name,
        Kind = value.Kind,
        Url = value.Url,
        Tunes = value.Tunes,
    };
}

/// <summary>The form in which a <see cref="DeviceAssignment"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.device.claim")]
internal struct DeviceAssignmentSurrogate
{
    [Id(0)] public string Robot;
    [Id(1)] public DeviceRole Role;
}

/// <summary>From a <see cref="DeviceAssignment"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class DeviceAssignmentConverter : IConverter<DeviceAssignment, DeviceAssignmentSurrogate>
{
    /// <inheritdoc/>
    public DeviceAssignment ConvertFromSurrogate(in DeviceAssignmentSurrogate surrogate) => new(surrogate.Robot, surrogate.Role);

    /// <inheritdoc/>
    public DeviceAssignmentSurrogate ConvertToSurrogate(in DeviceAssignment value) => new() { Robot = value.Robot, Role = value.Role };
}

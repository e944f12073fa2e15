using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="RobotRequest.BindMaster"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.bind-master")]
internal struct BindMasterSurrogate
{
    [Id(0)] public string Device;
    [Id(1)] public bool Takeover;
}

/// <summary>From a <see cref="RobotRequest.BindMaster"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class BindMasterConverter : IConverter<RobotRequest.BindMaster, BindMasterSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.BindMaster ConvertFromSurrogate(in BindMasterSurrogate surrogate) => new(surrogate.Device, surrogate.Takeover);

    /// <inheritdoc/>
    public BindMasterSurrogate ConvertToSurrogate(in RobotRequest.BindMaster value) => new()
    {
        Device = value.Device,
        Takeover = value.Takeover,
    };
}

/// <summary>The form in which an <see cref="RobotRequest.UnbindMaster"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.unbind-master")]
internal struct UnbindMasterSurrogate;

/// <summary>From an <see cref="RobotRequest.UnbindMaster"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class UnbindMasterConverter : IConverter<RobotRequest.UnbindMaster, UnbindMasterSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.UnbindMaster ConvertFromSurrogate(in UnbindMasterSurrogate surrogate) => new();

    /// <inheritdoc/>
    public UnbindMasterSurrogate ConvertToSurrogate(in RobotRequest.UnbindMaster value) => default;
}

/// <summary>The form in which an <see cref="RobotRequest.AttachRemote"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.attach-remote")]
internal struct AttachRemoteSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public bool Takeover;
    [Id(2)] public string? Holder;
}

/// <summary>From an <see cref="RobotRequest.AttachRemote"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class AttachRemoteConverter : IConverter<RobotRequest.AttachRemote, AttachRemoteSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.AttachRemote ConvertFromSurrogate(in AttachRemoteSurrogate surrogate) => new(
        surrogate.Name, surrogate.Takeover, surrogate.Holder);

    /// <inheritdoc/>
    public AttachRemoteSurrogate ConvertToSurrogate(in RobotRequest.AttachRemote value) => new()
    {
        Name = value.Name,
        Takeover = value.Takeover,
        Holder = value.Holder,
    };
}

/// <summary>The form in which a <see cref="RobotRequest.DetachRemote"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.detach-remote")]
internal struct DetachRemoteSurrogate
{
    [Id(0)] public string Name;
}

/// <summary>From a <see cref="RobotRequest.DetachRemote"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class DetachRemoteConverter : IConverter<RobotRequest.DetachRemote, DetachRemoteSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.DetachRemote ConvertFromSurrogate(in DetachRemoteSurrogate surrogate) => new(surrogate.Name);

    /// <inheritdoc/>
    public DetachRemoteSurrogate ConvertToSurrogate(in RobotRequest.DetachRemote value) => new() { Name = value.Name };
}

/// <summary>The form in which a <see cref="RobotRequest.Heartbeat"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.heartbeat")]
internal struct HeartbeatSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public uint Epoch;
    [Id(2)] public string? Holder;
}

/// <summary>From a <see cref="RobotRequest.Heartbeat"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class HeartbeatConverter : IConverter<RobotRequest.Heartbeat, HeartbeatSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.Heartbeat ConvertFromSurrogate(in HeartbeatSurrogate surrogate) => new(surrogate.Name, surrogate.Epoch, surrogate.Holder);

    /// <inheritdoc/>
    public HeartbeatSurrogate ConvertToSurrogate(in RobotRequest.Heartbeat value) => new()
    {
        Name = value.Name,
        Epoch = value.Epoch,
        Holder = value.Holder,
    };
}

using System.Collections.Immutable;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="RoomName"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.room")]
internal struct RoomNameSurrogate
{
    [Id(0)] public string Workspace;
    [Id(1)] public string Id;
    [Id(2)] public int? MaxConsumers;
}

/// <summary>From a <see cref="RoomName"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class RoomNameConverter : IConverter<RoomName, RoomNameSurrogate>
{
    /// <inheritdoc/>
    public RoomName ConvertFromSurrogate(in RoomNameSurrogate surrogate) => new(surrogate.Workspace, surrogate.Id, surrogate.MaxConsumers);

    /// <inheritdoc/>
    public RoomNameSurrogate ConvertToSurrogate(in RoomName value) => new()
    {
        Workspace = value.Workspace,
        Id = value.Id,
        MaxConsumers = value.MaxConsumers,
    };
}

/// <summary>The form in which a <see cref="RobotDocument"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.robot.document")]
internal struct RobotDocumentSurrogate
{
    [Id(0)] public string Id;
    [Id(1)] public RobotModel Model;
    [Id(2)] public MasterBinding? Master;
    [Id(3)] public ImmutableArray<SlaveBinding> Slaves;
    [Id(4)] public uint Epoch;
    [Id(5)] public bool Stopped;
    [Id(6)] public long Version;
    [Id(7)] public RoomName? Room;
}

/// <summary>From a <see cref="RobotDocument"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class RobotDocumentConverter : IConverter<RobotDocument, RobotDocumentSurrogate>
{
    /// <inheritdoc/>
    public RobotDocument ConvertFromSurrogate(in RobotDocumentSurrogate surrogate) => new(
        surrogate.Id, surrogate.Model, surrogate.Master, surrogate.Slaves, surrogate.Epoch, surrogate.Stopped,
        surrogate.Version, surrogate.Room);

    /// <inheritdoc/>
    public RobotDocumentSurrogate ConvertToSurrogate(in RobotDocument value) => new()
    {
        Id = value.Id,
        Model = value.Model,
        Master = value.Master,
        Slaves = value.Slaves,
        Epoch = value.Epoch,
        Stopped = value.Stopped,
        Version = value.Version,
        Room = value.Room,
    };
}

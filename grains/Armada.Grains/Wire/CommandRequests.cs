using Armada.Core.Motions;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="RobotRequest.RemoteCommand"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.remote-command")]
internal struct RemoteCommandSurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public uint Epoch;
    [Id(2)] public JointCommand Command;
    [Id(3)] public string? Holder;
}

/// <summary>From a <see cref="RobotRequest.RemoteCommand"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class RemoteCommandConverter : IConverter<RobotRequest.RemoteCommand, RemoteCommandSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.RemoteCommand ConvertFromSurrogate(in RemoteCommandSurrogate surrogate) => new(
        surrogate.Name, surrogate.Epoch, surrogate.Command, surrogate.Holder);

    /// <inheritdoc/>
    public RemoteCommandSurrogate ConvertToSurrogate(in RobotRequest.RemoteCommand value) => new()
    {
        Name = value.Name,
        Epoch = value.Epoch,
        Command = value.Command,
        Holder = value.Holder,
    };
}

/// <summary>The form in which a <see cref="RobotRequest.Manual"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.manual")]
internal struct ManualSurrogate
{
    [Id(0)] public JointCommand Command;
}

/// <summary>From a <see cref="RobotRequest.Manual"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class ManualConverter : IConverter<RobotRequest.Manual, ManualSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.Manual ConvertFromSurrogate(in ManualSurrogate surrogate) => new(surrogate.Command);

    /// <inheritdoc/>
    public ManualSurrogate ConvertToSurrogate(in RobotRequest.Manual value) => new() { Command = value.Command };
}

/// <summary>The form in which a <see cref="RobotRequest.Play"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.play")]
internal struct PlaySurrogate
{
    [Id(0)] public IMotion Motion;
    [Id(1)] public bool Loop;
    [Id(2)] public bool Takeover;
}

/// <summary>From a <see cref="RobotRequest.Play"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class PlayConverter : IConverter<RobotRequest.Play, PlaySurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.Play ConvertFromSurrogate(in PlaySurrogate surrogate) => new(surrogate.Motion, surrogate.Loop, surrogate.Takeover);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">No other process knows a motion of this kind.</exception>
    public PlaySurrogate ConvertToSurrogate(in RobotRequest.Play value) => new()
    {
        Motion = value.Motion is SequenceMotion
            ? value.Motion
            : throw new ArgumentException($"a motion of kind {value.Motion?.GetType().Name ?? "null"} cannot cross processes"),
        Loop = value.Loop,
        Takeover = value.Takeover,
    };
}

/// <summary>The form in which a <see cref="RobotRequest.Steer"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.steer")]
internal struct SteerSurrogate
{
    [Id(0)] public bool? Paused;
    [Id(1)] public TimeSpan? Position;
}

/// <summary>From a <see cref="RobotRequest.Steer"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SteerConverter : IConverter<RobotRequest.Steer, SteerSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.Steer ConvertFromSurrogate(in SteerSurrogate surrogate) => new(surrogate.Paused, surrogate.Position);

    /// <inheritdoc/>
    public SteerSurrogate ConvertToSurrogate(in RobotRequest.Steer value) => new() { Paused = value.Paused, Position = value.Position };
}

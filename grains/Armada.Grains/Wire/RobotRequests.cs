using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="RobotRequest.Stop"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.stop")]
internal struct StopSurrogate;

/// <summary>From a <see cref="RobotRequest.Stop"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class StopConverter : IConverter<RobotRequest.Stop, StopSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.Stop ConvertFromSurrogate(in StopSurrogate surrogate) => new();

    /// <inheritdoc/>
    public StopSurrogate ConvertToSurrogate(in RobotRequest.Stop value) => default;
}

/// <summary>The form in which a <see cref="RobotRequest.Reset"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.reset")]
internal struct ResetSurrogate;

/// <summary>From a <see cref="RobotRequest.Reset"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class ResetConverter : IConverter<RobotRequest.Reset, ResetSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.Reset ConvertFromSurrogate(in ResetSurrogate surrogate) => new();

    /// <inheritdoc/>
    public ResetSurrogate ConvertToSurrogate(in RobotRequest.Reset value) => default;
}

/// <summary>The form in which a <see cref="RobotRequest.FleetStop"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.fleet-stop")]
internal struct FleetStopSurrogate
{
    [Id(0)] public bool Stopped;
}

/// <summary>From a <see cref="RobotRequest.FleetStop"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class FleetStopConverter : IConverter<RobotRequest.FleetStop, FleetStopSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.FleetStop ConvertFromSurrogate(in FleetStopSurrogate surrogate) => new(surrogate.Stopped);

    /// <inheritdoc/>
    public FleetStopSurrogate ConvertToSurrogate(in RobotRequest.FleetStop value) => new() { Stopped = value.Stopped };
}

/// <summary>The form in which a <see cref="RobotRequest.Configure"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.request.configure")]
internal struct ConfigureSurrogate
{
    [Id(0)] public RobotModel Model;
    [Id(1)] public long? IfVersion;
}

/// <summary>From a <see cref="RobotRequest.Configure"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class ConfigureConverter : IConverter<RobotRequest.Configure, ConfigureSurrogate>
{
    /// <inheritdoc/>
    public RobotRequest.Configure ConvertFromSurrogate(in ConfigureSurrogate surrogate) => new(surrogate.Model, surrogate.IfVersion);

    /// <inheritdoc/>
    public ConfigureSurrogate ConvertToSurrogate(in RobotRequest.Configure value) => new()
    {
        Model = value.Model,
        IfVersion = value.IfVersion,
    };
}

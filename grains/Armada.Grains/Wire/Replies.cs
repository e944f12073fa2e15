using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="Refusal"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.refusal")]
internal struct RefusalSurrogate
{
    [Id(0)] public RefusalReason Reason;
    [Id(1)] public string Text;
}

/// <summary>From a <see cref="Refusal"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class RefusalConverter : IConverter<Refusal, RefusalSurrogate>
{
    /// <inheritdoc/>
    public Refusal ConvertFromSurrogate(in RefusalSurrogate surrogate) => new(surrogate.Reason, surrogate.Text);

    /// <inheritdoc/>
    public RefusalSurrogate ConvertToSurrogate(in Refusal value) => new() { Reason = value.Reason, Text = value.Text };
}

/// <summary>The form in which a <see cref="RobotReply"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.robot.reply")]
internal struct RobotReplySurrogate
{
    [Id(0)] public Refusal? Refused;
    [Id(1)] public RobotSnapshot? Robot;
}

/// <summary>From a <see cref="RobotReply"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class RobotReplyConverter : IConverter<RobotReply, RobotReplySurrogate>
{
    /// <inheritdoc/>
    public RobotReply ConvertFromSurrogate(in RobotReplySurrogate surrogate) => new(surrogate.Refused, surrogate.Robot);

    /// <inheritdoc/>
    public RobotReplySurrogate ConvertToSurrogate(in RobotReply value) => new() { Refused = value.Refused, Robot = value.Robot };
}

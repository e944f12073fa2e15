using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="SampleStamp"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.stamp")]
internal struct SampleStampSurrogate
{
    [Id(0)] public uint Epoch;
    [Id(1)] public uint Sequence;
    [Id(2)] public long CapturedAt;
    [Id(3)] public ushort TimeToLiveMs;
    [Id(4)] public bool Fault;
    [Id(5)] public bool Unfenced;
}

/// <summary>From a <see cref="SampleStamp"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SampleStampConverter : IConverter<SampleStamp, SampleStampSurrogate>
{
    /// <inheritdoc/>
    public SampleStamp ConvertFromSurrogate(in SampleStampSurrogate surrogate) => new(
        surrogate.Epoch, surrogate.Sequence, surrogate.CapturedAt, surrogate.TimeToLiveMs, surrogate.Fault,
        surrogate.Unfenced);

    /// <inheritdoc/>
    public SampleStampSurrogate ConvertToSurrogate(in SampleStamp value) => new()
    {
        Epoch = value.Epoch,
        Sequence = value.Sequence,
        CapturedAt = value.CapturedAt,
        TimeToLiveMs = value.TimeToLiveMs,
        Fault = value.Fault,
        Unfenced = value.Unfenced,
    };
}

/// <summary>The form in which a <see cref="FrameCounts"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.frame.counts")]
internal struct FrameCountsSurrogate
{
    [Id(0)] public ImmutableArray<long> ByVerdict;
    [Id(1)] public long Lost;
}

/// <summary>From a <see cref="FrameCounts"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class FrameCountsConverter : IConverter<FrameCounts, FrameCountsSurrogate>
{
    /// <inheritdoc/>
    public FrameCounts ConvertFromSurrogate(in FrameCountsSurrogate surrogate) => new(surrogate.ByVerdict, surrogate.Lost);

    /// <inheritdoc/>
    public FrameCountsSurrogate ConvertToSurrogate(in FrameCounts value) => new() { ByVerdict = value.ByVerdict, Lost = value.Lost };
}

/// <summary>The form in which a <see cref="JointReading"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.joint.reading")]
internal struct JointReadingSurrogate
{
    [Id(0)] public string Joint;
    [Id(1)] public double Value;
}

/// <summary>From a <see cref="JointReading"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JointReadingConverter : IConverter<JointReading, JointReadingSurrogate>
{
    /// <inheritdoc/>
    public JointReading ConvertFromSurrogate(in JointReadingSurrogate surrogate) => new(surrogate.Joint, surrogate.Value);

    /// <inheritdoc/>
    public JointReadingSurrogate ConvertToSurrogate(in JointReading value) => new() { Joint = value.Joint, Value = value.Value };
}

/// <summary>The form in which a <see cref="Effect.Note"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.note")]
internal struct NoteSurrogate
{
    [Id(0)] public RobotEvent Event;
    [Id(1)] public string Subject;
    [Id(2)] public string? By;
}

/// <summary>From a <see cref="Effect.Note"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class NoteConverter : IConverter<Effect.Note, NoteSurrogate>
{
    /// <inheritdoc/>
    public Effect.Note ConvertFromSurrogate(in NoteSurrogate surrogate) => new(surrogate.Event, surrogate.Subject, surrogate.By);

    /// <inheritdoc/>
    public NoteSurrogate ConvertToSurrogate(in Effect.Note value) => new() { Event = value.Event, Subject = value.Subject, By = value.By };
}

namespace Armada.Domain.Robots;

/// <summary>How long a robot waits for what, and how fast it approaches.</summary>
public sealed record RobotTiming
{
    /// <summary>The timing used unless another is configured.</summary>
    public static RobotTiming Default { get; } = new();

    /// <summary>A master whose frames stay away this long has lost its lease.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A slave silent this long is lagging; it is still commanded.</summary>
    public TimeSpan SlaveLagging { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>A slave silent this long has failed; it is commanded again, approaching, when its frames come back.</summary>
    public TimeSpan SlaveLost { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Least time between two announcements of the same epoch to the same device.</summary>
    public TimeSpan StreamRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time to live of a command, ms; also of frames that bring none of their own.</summary>
    public ushort CommandTimeToLiveMs { get; init; } = 300;

    /// <summary>Fastest motion of any joint while a slave approaches, units per second.</summary>
    public double ApproachVelocity { get; init; } = 45;

    /// <summary>An approach ends when every joint is this close to its target, units.</summary>
    public double ApproachTolerance { get; init; } = 3;

    /// <summary>Longest time one command may make up for, so that a pause is no licence for a jump.</summary>
    public TimeSpan LongestStep { get; init; } = TimeSpan.FromMilliseconds(100);
}

namespace Armada.Core.Robots;

/// <summary>Deadlines and speeds of a robot.</summary>
public sealed record RobotTiming
{
    public static RobotTiming Default { get; } = new();

    /// <summary>A master silent this long loses its lease.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A slave silent this long is lagging; it is still commanded.</summary>
    public TimeSpan SlaveLagging { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>A slave silent this long has failed; when its frames come back it approaches again.</summary>
    public TimeSpan SlaveLost { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a slave is commanded that is reached by its second path alone, by which no stop comes.</summary>
    public TimeSpan ControlGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Minimum time between two announcements of the same epoch to the same device.</summary>
    public TimeSpan StreamRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time to live of a command, ms; also of frames that bring none of their own.</summary>
    public ushort CommandTimeToLiveMs { get; init; } = 300;

    /// <summary>Maximum velocity of any joint while a slave approaches, units per second.</summary>
    public double ApproachVelocity { get; init; } = 45;

    /// <summary>An approach ends when every joint is this close to its target, units.</summary>
    public double ApproachTolerance { get; init; } = 3;

    /// <summary>How long commands tell a device that it is to approach them.</summary>
    public TimeSpan ApproachNotice { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest step of the virtual robot's own motion; a late tick slows the motion down, it does not make it jump.</summary>
    public TimeSpan MaxDriveStep { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>How long a follower that was told that its robot rests may still play what came before.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Interval of commands to a slave that has reached its target while a program, a motion or the operator commands.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long manual control lasts after its last command has been reached.</summary>
    public TimeSpan ManualSpell { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A report of a slave's joints older than this no longer says where it is.</summary>
    public TimeSpan ReportValid { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time one command may make up for, so that a pause does not allow a jump.</summary>
    public TimeSpan MaxStep { get; init; } = TimeSpan.FromMilliseconds(100);
}

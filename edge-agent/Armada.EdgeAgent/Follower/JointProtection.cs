using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Follower;

internal enum ProtectionAction : byte
{
    None,
    Ease, // Limit its torque to Eased.
    Hold, // Hold it where it stands now.
    Recover, // Cycle its torque where it stands, with limited torque, and follow again.
    Resume, // Follow again, with limited torque.
    Restore, // Give it its usual torque.
}

/// <summary>Keeps a follower's joints from burning: one that pushes without moving or gets hot is limited in torque, then held where it
/// stands; one whose servo has latched an overload is held, and recovered when nothing presses on it any more. No clock and no bus inside.</summary>
internal sealed class JointProtection
{
    /// <summary>Times that a held joint is let follow again before it waits for a person.</summary>
    public const int MaxTries = 5;

    // Slower, a joint that pushes is stalled: 4 degrees a second.
    private const int StalledVelocity = 50;

    // Servos cut their torque at 70 °C.
    private const int CoolCelsius = 55;
    private const int WarmCelsius = 60;
    private const int HotCelsius = 66;

    // After an overload a servo has a fifth of its torque left: at less it is not pressed on.
    private const double PressedPercent = 18;

    // Half the time after which the servo would latch an overload.
    private static readonly TimeSpan EaseAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HoldAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RestoreAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MinHold = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromSeconds(30);

    private readonly JointState[] joints = new JointState[ArmJoint.Count];

    private enum Stage : byte
    {
        Free,
        Eased,
        Held,
    }

    private enum Reason : byte
    {
        Blocked,
        Hot,
        Overloaded,
    }

    /// <summary>Torque limit of an eased joint, 0.1 %: below the load at which its servo's overload protection counts.</summary>
    /// <param name="overloadPercent">That load.</param>
    public static int Eased(int overloadPercent) => 9 * overloadPercent;

    public void Begin() => joints.AsSpan().Clear();

    /// <summary>Lets a joint that waits for a person follow again.</summary>
    public void Begin(int joint, in Timestamp now) => joints[joint] = new JointState { Stage = Stage.Eased, Since = now, Moved = now };

    /// <param name="overloadPercent">Load at which the servo's own overload protection counts; 0 for a servo that was not set up.</param>
    public ProtectionAction Observe(int joint, in ServoTelemetry servo, int overloadPercent, in Timestamp now)
    {
        ref var state = ref joints[joint];
        if (!servo.IsKnown || overloadPercent == 0)
            return ProtectionAction.None;
        var isLatched = (servo.Errors & Sts3215.LatchedErrors) != 0;
        if (state.Stage == Stage.Held)
            return ObserveHeld(ref state, servo, isLatched, now);
        if (isLatched)
            return Enter(ref state, Stage.Held, Reason.Overloaded, now, ProtectionAction.Hold);
        if (servo.Celsius >= HotCelsius)
            return Enter(ref state, Stage.Held, Reason.Hot, now, ProtectionAction.Hold);
        var load = Math.Abs(servo.LoadPercent);
        var limit = state.Stage == Stage.Free ? overloadPercent : 0.9 * Eased(overloadPercent) / 10;
        var isStalled = load >= limit && Math.Abs(servo.Velocity) < StalledVelocity;
        if (!isStalled)
            state.Moved = now;
        if (load >= limit / 2)
            state.Loaded = now;
        if (state.Stage == Stage.Eased)
            return ObserveEased(joint, ref state, servo, now);
        if (now.IsPast(state.Since, ForgetAfter))
            state.Tries = 0;
        return servo.Celsius >= WarmCelsius ? Enter(ref state, Stage.Eased, Reason.Hot, now, ProtectionAction.Ease)
            : isStalled && now.IsPast(state.Moved, EaseAfter) ? Enter(ref state, Stage.Eased, Reason.Blocked, now, ProtectionAction.Ease)
            : ProtectionAction.None;
    }

    /// <summary>What a person should know; null where there is nothing. A gripper that holds something with limited torque does its work.</summary>
    public string? Problem(int joint)
    {
        var state = joints[joint];
        if (state.Stage == Stage.Free || (state is { Stage: Stage.Eased, Reason: not Reason.Hot } && joint == ArmJoint.Gripper))
            return null;
        var cause = state.Reason switch
        {
            Reason.Hot => "is hot",
            Reason.Overloaded => "is overloaded",
            _ => "pushes without moving",
        };
        var consequence = state.Stage == Stage.Eased ? "its torque is limited"
            : state.Tries < MaxTries ? "it holds where it stands and follows again by itself"
            : "it holds where it stands: take the load away, then recover it (armada-edge recover)";
        return $"{ArmJoint.All[joint]} (servo {ArmJoint.All[joint].Id}) {cause}; {consequence}";
    }

    private static ProtectionAction ObserveHeld(ref JointState state, in ServoTelemetry servo, bool isLatched, in Timestamp now)
    {
        if (state.Tries >= MaxTries || servo.Celsius >= CoolCelsius || !now.IsPast(state.Since, MinHold * (1 << state.Tries)))
            return ProtectionAction.None;
        if (isLatched && Math.Abs(servo.LoadPercent) >= PressedPercent)
        {
            state.Since = now;
            return ProtectionAction.Hold; // It yields to what presses on it.
        }

        state.Tries++;
        return Enter(ref state, Stage.Eased, state.Reason, now, isLatched ? ProtectionAction.Recover : ProtectionAction.Resume);
    }

    private static ProtectionAction ObserveEased(int joint, ref JointState state, in ServoTelemetry servo, in Timestamp now) =>
        joint != ArmJoint.Gripper && now.IsPast(state.Moved, HoldAfter)
            ? Enter(ref state, Stage.Held, Reason.Blocked, now, ProtectionAction.Hold)
            : servo.Celsius < CoolCelsius && now.IsPast(state.Loaded, RestoreAfter)
                ? Enter(ref state, Stage.Free, Reason.Blocked, now, ProtectionAction.Restore)
                : ProtectionAction.None;

    private static ProtectionAction Enter(ref JointState state, Stage stage, Reason reason, in Timestamp now, ProtectionAction action)
    {
        (state.Stage, state.Reason, state.Since, state.Moved, state.Loaded) = (stage, reason, now, now, now);
        return action;
    }

    /// <param name="Since">When it came to its stage.</param>
    /// <param name="Moved">When it last moved, or did not push.</param>
    /// <param name="Loaded">When it last had a load worth mentioning.</param>
    private record struct JointState(Stage Stage, Reason Reason, int Tries, Timestamp Since, Timestamp Moved, Timestamp Loaded);
}

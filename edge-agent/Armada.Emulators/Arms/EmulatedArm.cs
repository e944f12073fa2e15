using Armada.Devices.Arms;
using Armada.Emulators.Servos;

namespace Armada.Emulators.Arms;

/// <summary>Servos on one bus and one supply, and the hand that moves them. Knows no clock: <see cref="Advance"/> lets time pass. Its
/// members may be called from any thread; a servo of <see cref="Servos"/> only before the arm is put on a bus.</summary>
public sealed class EmulatedArm
{
    // What cables and plugs of a daisy chain cost at several amperes.
    private const double SupplyResistance = 0.12;

    // Steps that the mechanics move over the calibrated range.
    private const double StopMargin = 8;

    // Volts with which a servo's controller still runs.
    private const double MinSupply = 3.5;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly EmulatedServo[] servos;
    private readonly IReadOnlyList<EmulatedJoint> joints;
    private readonly IHand? hand;
    private readonly double[] pose;
    private TimeSpan time;
    private TimeSpan owed;
    private double supply = 7.4;

    public EmulatedArm(params EmulatedServo[] servos)
        : this(servos, [], null)
    {
    }

    private EmulatedArm(EmulatedServo[] servos, IReadOnlyList<EmulatedJoint> joints, IHand? hand)
    {
        this.servos = servos;
        this.joints = joints;
        this.hand = hand;
        pose = new double[joints.Count];
    }

    /// <param name="role">Leader or follower; their calibrations differ.</param>
    /// <param name="hand">Whose hand is on it, if any; the arm begins in that hand's first pose, else at rest.</param>
    public static EmulatedArm So101(ArmRole role, IHand? hand = null)
    {
        var joints = EmulatedJoint.So101(role);
        Span<double> pose = [.. joints.Select(j => j.Rest)];
        hand?.Pose(TimeSpan.Zero, pose);
        var servos = new EmulatedServo[joints.Count];
        for (var i = 0; i < servos.Length; i++)
        {
            var joint = joints[i];
            var reading = (int)Math.Round(joint.ToSteps(pose[i]));
            servos[i] = new EmulatedServo(joint.Id, joint.HomingOffset, joint.Minimum, joint.Maximum, reading);
            // A joint that was calibrated over a whole turn has no stops.
            if (joint.Maximum - joint.Minimum < Sts3215.StepsPerTurn - 1)
                servos[i].Stops = (joint.HomingOffset + joint.Minimum - StopMargin, joint.HomingOffset + joint.Maximum + StopMargin);
        }

        return new EmulatedArm(servos, joints, hand);
    }

    public IReadOnlyList<EmulatedServo> Servos => servos;
    public IReadOnlyList<EmulatedJoint> Joints => joints;

    /// <summary>Held by whoever works with the servos.</summary>
    internal Lock Sync { get; } = new();

    /// <exception cref="ArgumentOutOfRangeException">There is no such servo.</exception>
    public int Read(byte id, in Register register)
    {
        lock (Sync)
            return Find(id)[register];
    }

    /// <summary>Sets a register of one servo as a write on the bus would.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such servo, or the register cannot hold the value.</exception>
    public void Write(byte id, in Register register, int value)
    {
        Span<byte> data = stackalloc byte[register.Size];
        register.Encode(value, data);
        lock (Sync)
            Find(id).Write(register.Address, data);
    }

    /// <summary>Where the joints are: degrees from the middle, percent for the gripper.</summary>
    /// <param name="pose">One value for each joint.</param>
    public void Pose(Span<double> pose)
    {
        lock (Sync)
        {
            for (var i = 0; i < joints.Count; i++)
                pose[i] = joints[i].FromSteps(servos[i].Shaft - joints[i].HomingOffset);
        }
    }

    /// <summary>Power goes and comes back: all servos lose RAM and torque.</summary>
    public void PowerDip()
    {
        lock (Sync)
        {
            foreach (var servo in servos)
                servo.PowerCycle();
        }
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no such servo.</exception>
    public void TripOverload(byte id)
    {
        lock (Sync)
            Find(id).TripOverload();
    }

    /// <summary>Volts of the supply; 4 to 8 is what the servos take for good. Under 3.5 they are off, though the adapter at the USB port
    /// is not: no servo answers, and RAM and torque are lost.</summary>
    public double Supply
    {
        get => supply;
        set
        {
            lock (Sync)
            {
                var wasPowered = IsPowered;
                supply = value;
                if (IsPowered != wasPowered)
                    PowerDip();
            }
        }
    }

    internal bool IsPowered => supply >= MinSupply;

    /// <summary>Puts something between the jaws of one joint, or takes it away with infinities.</summary>
    /// <param name="least">Least reading it can reach, steps.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such servo.</exception>
    public void Block(byte id, double least, double greatest)
    {
        lock (Sync)
        {
            var servo = Find(id);
            var offset = servo[Sts3215.HomingOffset];
            servo.Stops = (least + offset, greatest + offset);
        }
    }

    /// <summary>Lets time pass, in steps of a millisecond; what is over is kept for the next call.</summary>
    public void Advance(TimeSpan time)
    {
        lock (Sync)
        {
            for (owed += time; owed >= Tick; owed -= Tick)
                Step();
        }
    }

    /// <summary>The servo of an id, or null; the caller holds <see cref="Sync"/>.</summary>
    internal EmulatedServo? At(byte id)
    {
        foreach (var servo in servos)
        {
            if (servo.Id == id)
                return servo;
        }

        return null;
    }

    private EmulatedServo Find(byte id) => At(id) ?? throw new ArgumentOutOfRangeException(nameof(id), id, $"there is no servo {id}");

    private void Step()
    {
        time += Tick;
        if (joints.Count > 0)
        {
            Weigh();
            Push();
        }

        var current = 0.0;
        foreach (var servo in servos)
        {
            servo.Advance(Tick);
            current += servo.Current;
        }

        foreach (var servo in servos)
            servo.Voltage = Math.Max(0, supply - (current * SupplyResistance));
    }

    private void Push()
    {
        if (hand is null)
            return;
        hand.Pose(time, pose);
        for (var i = 0; i < servos.Length; i++)
            servos[i].Push(joints[i].ToSteps(pose[i]) + joints[i].HomingOffset);
    }

    /// <summary>What the arm weighs on shoulder, elbow and wrist, in 0.1 % of a motor: each carries all that is in front of it.</summary>
    private void Weigh()
    {
        var angle = 0.0;
        ReadOnlySpan<double> weights = [150, 90, 30];
        for (var i = 1; i <= weights.Length; i++)
        {
            angle += joints[i].FromSteps(servos[i].Shaft - joints[i].HomingOffset);
            servos[i].ExternalLoad = weights[i - 1] * Math.Sin(angle * Math.PI / 180);
        }
    }
}

using Armada.Devices.ServoBus;

namespace Armada.Emulators.Servos;

public sealed partial class EmulatedServo
{
    /// <summary>Steps per second without load at 7.4 V (vendor's memory table 3.7).</summary>
    public const double NoLoadSpeed = 3400;

    private const int Middle = 2048;
    private const int MiddleHere = 128;
    private const int PhaseFineSpeed = 0x04;
    private const int PhaseZeroIsFullSpeed = 0x08;

    // Acceleration 0 means "as fast as it can", which no source gives in figures: twice the greatest value that can be set.
    private const double FullAcceleration = 2 * 25_400;

    // Duty, 0.1 %, for the shaft's own inertia: a tenth of full duty at the greatest acceleration that can be set.
    private const double InertiaDuty = 100.0 / 25_400;

    // Duty, 0.1 %, for each step of error and unit of P: 25 steps under nearly full load with P = 16, as builders measured.
    private const double StallGain = 2.25;

    // A hand is quicker than any servo, pushes a held joint with up to 30 % of its duty, and gives way like a spring.
    private const double HandSpeed = 4000;
    private const double HandStrength = 300;
    private const double HandStiffness = 1;

    // Only the vendor's tables name it: a held write waits for its action.
    private static readonly Register WriteIsHeld = new("Async_Write_Flag", 64, 1, RegisterArea.Ram, RegisterAccess.ReadOnly);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private TimeSpan owed;
    private Motion motion;
    private Protection protection;
    private Electrics electrics = new();
    private double? hand;
    private double turnsPassed;

    /// <summary>Where the shaft stands, steps counted on over turns, without homing offset.</summary>
    public double Shaft => motion.Position;

    /// <summary>Steps per second.</summary>
    public double Velocity => motion.Velocity;

    /// <summary>Force on the shaft from outside, such as gravity, in 0.1 % of the motor's; positive pushes to greater positions.</summary>
    public double ExternalLoad { get; set; }

    /// <summary>Least and greatest position of the shaft that the mechanics allow, in the terms of <see cref="Shaft"/>.</summary>
    public (double Least, double Greatest) Stops { get; set; } = (double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>Volts at its plug.</summary>
    public double Voltage { get => electrics.Voltage; set => electrics.Voltage = value; }

    /// <summary>Amperes it draws.</summary>
    public double Current => electrics.Current;

    /// <summary>°C of the motor.</summary>
    public double Temperature { get => electrics.Temperature; set => electrics.Temperature = value; }

    /// <summary>A hand takes the shaft: without torque it goes along, with torque it resists.</summary>
    /// <param name="shaft">Where the hand wants it; null lets go.</param>
    public void Push(double? shaft) => hand = shaft;

    /// <summary>Lets time pass, in steps of a millisecond; what is over is kept for the next call.</summary>
    public void Advance(TimeSpan time)
    {
        for (owed += time; owed >= Tick; owed -= Tick)
            Step(Tick.TotalSeconds);
        Publish();
    }

    private void Step(double seconds)
    {
        if (IsRestarting)
            restart -= Tick;
        var drives = TorqueIsOn && !IsRestarting && registers[Sts3215.OperatingMode] == 0;
        var limit = drives ? protection.DutyLimit(registers) : 0;
        if (drives)
            Drive(limit, seconds);
        else
            Coast(seconds);
        protection.Watch(registers, electrics, seconds);
    }

    private void Drive(double limit, double seconds)
    {
        var push = this.hand is { } hand ? Math.Clamp((hand - Shaft) * HandStiffness, -HandStrength, HandStrength) : 0;
        var outside = ExternalLoad + push;
        var speed = Math.Min(SpeedSetting(), NoLoadSpeed * Math.Max(0, limit - Math.Abs(outside)) / 1000);
        var setting = registers[Sts3215.Acceleration];
        var target = Target();
        var acceleration = motion.Follow(target, speed, setting == 0 ? FullAcceleration : 100 * setting, seconds);
        var force = (acceleration * InertiaDuty) - outside;
        if (Stop())
            force = (target - Shaft) * StallGain * registers[Sts3215.Proportional];
        electrics.Work(force, motion.Velocity / NoLoadSpeed, limit, seconds);
    }

    private void Coast(double seconds)
    {
        motion.Yield(hand ?? Shaft, HandSpeed, seconds);
        Stop();
        electrics.Work(0, 0, 0, seconds);
    }

    /// <summary>Whether the mechanics ended the motion.</summary>
    private bool Stop()
    {
        var (least, greatest) = Stops;
        if (Shaft >= least && Shaft <= greatest)
            return false;
        motion.Position = Shaft < least ? least : greatest;
        motion.Halt();
        return true;
    }

    private double SpeedSetting()
    {
        var phase = registers[Sts3215.Phase];
        var setting = Math.Abs(registers[Sts3215.GoalVelocity]);
        if (setting == 0)
            return (phase & PhaseZeroIsFullSpeed) != 0 ? NoLoadSpeed : 0;
        return Math.Min(NoLoadSpeed, (phase & PhaseFineSpeed) != 0 ? setting : 50 * setting);
    }

    /// <summary>Where the goal register sends the shaft: straight through the turn's numbers, never over the wrap.</summary>
    private double Target()
    {
        var goal = registers[Sts3215.GoalPosition];
        var (least, greatest) = (registers[Sts3215.MinPositionLimit], registers[Sts3215.MaxPositionLimit]);
        if (CountsTurns || (least == 0 && greatest == 0))
            return goal + registers[Sts3215.HomingOffset] + turnsPassed;
        return Shaft + Math.Max(least, Math.Min(greatest, goal)) - InTurn(Reading);
    }

    private bool CountsTurns => (registers[Sts3215.Phase] & Sts3215.PhaseMultiTurn) != 0;

    private double Reading => Shaft - turnsPassed - registers[Sts3215.HomingOffset];

    /// <summary>A reading within one turn, so that rounded it is 0 to 4095.</summary>
    private static double InTurn(double reading) => reading - (Sts3215.StepsPerTurn * Math.Floor((reading + 0.5) / Sts3215.StepsPerTurn));

    private void CountTurnsFromHere() => turnsPassed = Sts3215.StepsPerTurn * Math.Floor(Shaft / Sts3215.StepsPerTurn);

    /// <summary>Sets the homing offset so that the present position reads as told; the offset register holds ±2047.</summary>
    private void ReadHereAs(int reading)
    {
        var turn = Sts3215.StepsPerTurn;
        var offset = (int)Math.Round(Shaft - turnsPassed) - reading;
        offset = ((offset + (turn / 2)) % turn + turn) % turn - (turn / 2);
        registers.Store(Sts3215.HomingOffset, offset);
        Publish();
    }

    /// <summary>Brings the registers that tell of the present up to date.</summary>
    private void Publish()
    {
        var position = CountsTurns ? Reading : InTurn(Reading);
        registers[Sts3215.PresentPosition] = (int)Math.Floor(position + 0.5);
        registers[Sts3215.PresentVelocity] = (int)Math.Round(motion.Velocity);
        registers[Sts3215.PresentLoad] = (int)Math.Round(electrics.Duty);
        registers[Sts3215.PresentVoltage] = (int)Math.Round(electrics.Voltage * 10);
        registers[Sts3215.PresentTemperature] = (int)electrics.Temperature;
        registers[Sts3215.Status] = (int)Errors;
        registers[WriteIsHeld] = heldLength > 0 ? 1 : 0;
        registers[Sts3215.Moving] = Math.Abs(motion.Velocity) >= 1 ? 1 : 0;
        registers[Sts3215.PresentCurrent] = electrics.CurrentUnits;
    }
}

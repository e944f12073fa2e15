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
    private static readonly Register _writeIsHeld = new("Async_Write_Flag", 64, 1, RegisterArea.Ram, RegisterAccess.ReadOnly);

    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(1);

    private TimeSpan _owed;
    private Motion _motion;
    private Protection _protection;
    private Electrics _electrics = new();
    private double? _hand;
    private double _turnsPassed;

    /// <summary>Where the shaft stands, steps counted on over turns, without homing offset.</summary>
    public double Shaft => _motion.Position;

    /// <summary>Steps per second.</summary>
    public double Velocity => _motion.Velocity;

    /// <summary>Force on the shaft from outside, such as gravity, in 0.1 % of the motor's; positive pushes to greater positions.</summary>
    public double ExternalLoad { get; set; }

    /// <summary>Least and greatest position of the shaft that the mechanics allow, in the terms of <see cref="Shaft"/>.</summary>
    public (double Least, double Greatest) Stops { get; set; } = (double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>Volts at its plug.</summary>
    public double Voltage { get => _electrics.Voltage; set => _electrics.Voltage = value; }

    /// <summary>Amperes it draws.</summary>
    public double Current => _electrics.Current;

    /// <summary>°C of the motor.</summary>
    public double Temperature { get => _electrics.Temperature; set => _electrics.Temperature = value; }

    /// <summary>A hand takes the shaft: without torque it goes along, with torque it resists.</summary>
    /// <param name="shaft">Where the hand wants it; null lets go.</param>
    public void Push(double? shaft) => _hand = shaft;

    /// <summary>Lets time pass, in steps of a millisecond; what is over is kept for the next call.</summary>
    public void Advance(TimeSpan time)
    {
        for (_owed += time; _owed >= _tick; _owed -= _tick)
            Step(_tick.TotalSeconds);
        Publish();
    }

    private void Step(double seconds)
    {
        if (IsRestarting)
            _restart -= _tick;
        var drives = TorqueIsOn && !IsRestarting && _registers[Sts3215.OperatingMode] == 0;
        var limit = drives ? _protection.DutyLimit(_registers) : 0;
        if (drives)
            Drive(limit, seconds);
        else
            Coast(seconds);
        _protection.Watch(_registers, _electrics, seconds);
    }

    private void Drive(double limit, double seconds)
    {
        var push = _hand is { } hand ? Math.Clamp((hand - Shaft) * HandStiffness, -HandStrength, HandStrength) : 0;
        var outside = ExternalLoad + push;
        var speed = Math.Min(SpeedSetting(), NoLoadSpeed * Math.Max(0, limit - Math.Abs(outside)) / 1000);
        var setting = _registers[Sts3215.Acceleration];
        var target = Target();
        var acceleration = _motion.Follow(target, speed, setting == 0 ? FullAcceleration : 100 * setting, seconds);
        var force = (acceleration * InertiaDuty) - outside;
        if (Stop())
            force = (target - Shaft) * StallGain * _registers[Sts3215.Proportional];
        _electrics.Work(force, _motion.Velocity / NoLoadSpeed, limit, seconds);
    }

    private void Coast(double seconds)
    {
        _motion.Yield(_hand ?? Shaft, HandSpeed, seconds);
        Stop();
        _electrics.Work(0, 0, 0, seconds);
    }

    /// <summary>Whether the mechanics ended the motion.</summary>
    private bool Stop()
    {
        var (least, greatest) = Stops;
        if (Shaft >= least && Shaft <= greatest)
            return false;
        _motion.Position = Shaft < least ? least : greatest;
        _motion.Halt();
        return true;
    }

    private double SpeedSetting()
    {
        var phase = _registers[Sts3215.Phase];
        var setting = Math.Abs(_registers[Sts3215.GoalVelocity]);
        if (setting == 0)
            return (phase & PhaseZeroIsFullSpeed) != 0 ? NoLoadSpeed : 0;
        return Math.Min(NoLoadSpeed, (phase & PhaseFineSpeed) != 0 ? setting : 50 * setting);
    }

    /// <summary>Where the goal register sends the shaft: straight through the turn's numbers, never over the wrap.</summary>
    private double Target()
    {
        var goal = _registers[Sts3215.GoalPosition];
        var (least, greatest) = (_registers[Sts3215.MinPositionLimit], _registers[Sts3215.MaxPositionLimit]);
        if (CountsTurns || (least == 0 && greatest == 0))
            return goal + _registers[Sts3215.HomingOffset] + _turnsPassed;
        return Shaft + Math.Max(least, Math.Min(greatest, goal)) - InTurn(Reading);
    }

    private bool CountsTurns => (_registers[Sts3215.Phase] & Sts3215.PhaseMultiTurn) != 0;

    private double Reading => Shaft - _turnsPassed - _registers[Sts3215.HomingOffset];

    /// <summary>A reading within one turn, so that rounded it is 0 to 4095.</summary>
    private static double InTurn(double reading) => reading - (Sts3215.StepsPerTurn * Math.Floor((reading + 0.5) / Sts3215.StepsPerTurn));

    private void CountTurnsFromHere() => _turnsPassed = Sts3215.StepsPerTurn * Math.Floor(Shaft / Sts3215.StepsPerTurn);

    /// <summary>Sets the homing offset so that the present position reads as told; the offset register holds ±2047.</summary>
    private void ReadHereAs(int reading)
    {
        var turn = Sts3215.StepsPerTurn;
        var offset = (int)Math.Round(Shaft - _turnsPassed) - reading;
        offset = ((offset + (turn / 2)) % turn + turn) % turn - (turn / 2);
        _registers.Store(Sts3215.HomingOffset, offset);
        Publish();
    }

    /// <summary>Brings the registers that tell of the present up to date.</summary>
    private void Publish()
    {
        var position = CountsTurns ? Reading : InTurn(Reading);
        _registers[Sts3215.PresentPosition] = (int)Math.Floor(position + 0.5);
        _registers[Sts3215.PresentVelocity] = (int)Math.Round(_motion.Velocity);
        _registers[Sts3215.PresentLoad] = (int)Math.Round(_electrics.Duty);
        _registers[Sts3215.PresentVoltage] = (int)Math.Round(_electrics.Voltage * 10);
        _registers[Sts3215.PresentTemperature] = (int)_electrics.Temperature;
        _registers[Sts3215.Status] = (int)Errors;
        _registers[_writeIsHeld] = _heldLength > 0 ? 1 : 0;
        _registers[Sts3215.Moving] = Math.Abs(_motion.Velocity) >= 1 ? 1 : 0;
        _registers[Sts3215.PresentCurrent] = _electrics.CurrentUnits;
    }
}

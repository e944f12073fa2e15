using System.Buffers.Binary;

namespace Armada.Emulators.Servos;

/// <summary>One STS3215: registers, motion, protection, and the answers it gives on the bus. Knows no clock: <see cref="Advance"/> lets
/// time pass. Operating mode 0 (position) moves; the other modes keep their registers and stand still. One thread at a time.</summary>
public sealed class EmulatedServo
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

    // Restart time as one vendor manual gives it.
    private static readonly TimeSpan RestartTime = TimeSpan.FromMilliseconds(800);

    private TimeSpan owed;
    private ShaftMotion motion;
    private Protection protection;
    private Electrics electrics = new();
    private double? hand;
    private double turnsPassed;
    private readonly byte[] held = new byte[ServoFrame.MaxSize];
    private readonly byte[] answer = new byte[ServoFrame.MaxSize];
    private TimeSpan restart;
    private byte heldAddress;
    private int heldLength;
    private readonly RegisterImage registers = new();

    /// <param name="id">Bus id, 0 to 253.</param>
    /// <param name="homingOffset">Steps, −2047 to 2047, as calibration left it.</param>
    /// <param name="minimum">Least goal, steps.</param>
    /// <param name="maximum">Greatest goal, steps.</param>
    /// <param name="position">Where the shaft stands, as Present_Position reads it.</param>
    public EmulatedServo(byte id, int homingOffset = 0, int minimum = 0, int maximum = 4095, int position = 2048)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id, ServoFrame.MaxId);
        registers.Store(Sts3215.Id, id);
        registers.Store(Sts3215.HomingOffset, homingOffset);
        registers.Store(Sts3215.MinPositionLimit, minimum);
        registers.Store(Sts3215.MaxPositionLimit, maximum);
        motion.Position = position + homingOffset;
        PowerCycle();
    }

    public byte Id => (byte)registers[Sts3215.Id];
    public int this[in Register register] => registers[register];
    public bool TorqueIsOn => registers[Sts3215.TorqueEnable] == 1;
    public ServoErrors Errors => protection.Errors;
    public bool IsRestarting => restart > TimeSpan.Zero;

    /// <summary>Sets a register as at the factory or in calibration: it lasts over power cycles.</summary>
    public void Store(in Register register, int value)
    {
        registers.Store(register, value);
        Publish();
    }

    public void TripOverload()
    {
        protection.TripOverload();
        Publish();
    }

    /// <summary>Power goes and comes back: RAM is lost, torque is off, what was latched is forgotten.</summary>
    public void PowerCycle()
    {
        registers.PowerUp();
        protection = default;
        heldLength = 0;
        motion.Halt();
        CountTurnsFromHere();
        Publish();
    }

    /// <summary>The wait before it answers, microseconds: two for each unit of the register, and never less than two.</summary>
    public int ReturnDelay => 2 * Math.Max(1, registers[Sts3215.ReturnDelayTime]);

    /// <summary>Does what an instruction to this servo or to all asks.</summary>
    /// <param name="instruction">What. One it does not know, or with parameters that make no sense, is passed over in silence.</param>
    /// <param name="toAll">It was a broadcast, which is not answered, but for a ping.</param>
    /// <param name="reply">Where the answer goes, at least <see cref="ServoFrame.MaxSize"/> bytes.</param>
    /// <returns>Bytes of the answer; 0 for none.</returns>
    public int Execute(Instruction instruction, ReadOnlySpan<byte> parameters, bool toAll, Span<byte> reply)
    {
        // An answer to a change of id still comes from the old one.
        var id = Id;
        if (instruction == Instruction.Read)
            return parameters.Length == 2 && !toAll ? Read(parameters[0], parameters[1], reply) : 0;
        var isPing = instruction == Instruction.Ping;
        if (!isPing && !Do(instruction, parameters))
            return 0;
        var answers = isPing || (!toAll && instruction != Instruction.Reboot && registers[Sts3215.ResponseStatusLevel] != 0);
        return answers ? ServoFrame.Status(reply, id, Errors, []) : 0;
    }

    /// <param name="length">Bytes; more than a frame holds is passed over in silence.</param>
    public int Read(byte address, byte length, Span<byte> reply)
    {
        if (length > ServoFrame.MaxSize - ServoFrame.EmptySize)
            return 0;
        var data = answer.AsSpan(0, length);
        registers.Read(address, data);
        return ServoFrame.Status(reply, Id, Errors, data);
    }

    public void Write(byte address, ReadOnlySpan<byte> data)
    {
        var (id, torque, length) = (Id, registers[Sts3215.TorqueEnable], data.Length);
        registers.Write(address, data);
        if (Id > ServoFrame.MaxId)
            registers.Store(Sts3215.Id, id);
        if (IsWithin(Sts3215.TorqueEnable))
            TorqueWritten(before: torque);
        // As the servo does: a goal turns the torque on by itself.
        if (IsWithin(Sts3215.GoalPosition) && !TorqueIsOn)
        {
            registers[Sts3215.TorqueEnable] = 1;
            TorqueWritten(before: 0);
        }

        Publish();

        bool IsWithin(in Register register) => address <= register.Address && address + length > register.Address;
    }

    private bool Do(Instruction instruction, ReadOnlySpan<byte> parameters)
    {
        switch (instruction)
        {
            case Instruction.Write when parameters.Length >= 2:
                Write(parameters[0], parameters[1..]);
                return true;
            case Instruction.RegWrite when parameters.Length >= 2:
                heldAddress = parameters[0];
                heldLength = parameters.Length - 1;
                parameters[1..].CopyTo(held);
                Publish();
                return true;
            case Instruction.Action:
                var length = heldLength;
                heldLength = 0;
                if (length > 0)
                    Write(heldAddress, held.AsSpan(0, length));
                return true;
            case Instruction.Reboot:
                PowerCycle();
                restart = RestartTime;
                return true;
            case Instruction.Backup:
                registers.Save();
                return true;
            case Instruction.Recovery:
                registers.Restore();
                Publish();
                return true;
            case Instruction.Reset:
                CountTurnsFromHere();
                Publish();
                return true;
            case Instruction.OffsetCalibrate when parameters.Length is 0 or 2:
                ReadHereAs(parameters.Length == 0 ? Middle : BinaryPrimitives.ReadUInt16LittleEndian(parameters));
                return true;
            default:
                return false;
        }
    }

    private void TorqueWritten(int before)
    {
        var written = registers[Sts3215.TorqueEnable];
        if (written == MiddleHere)
        {
            registers[Sts3215.TorqueEnable] = before;
            ReadHereAs(Middle);
        }
        else if (written != before)
        {
            motion.Halt();
            if (written == 1)
                protection.Clear();
        }
    }

    /// <summary>Where the shaft stands, steps counted on over turns, without homing offset.</summary>
    public double Shaft => motion.Position;

    public double Velocity => motion.Velocity;

    /// <summary>Force on the shaft from outside, such as gravity, in 0.1 % of the motor's; positive pushes to greater positions.</summary>
    public double ExternalLoad { get; set; }

    /// <summary>Least and greatest position of the shaft that the mechanics allow, in the terms of <see cref="Shaft"/>.</summary>
    public (double Least, double Greatest) Stops { get; set; } = (double.NegativeInfinity, double.PositiveInfinity);

    public double Voltage { get => electrics.Voltage; set => electrics.Voltage = value; }
    public double Current => electrics.Current;
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

using Armada.Devices.ServoBus;

namespace Armada.Emulators.Servos;

/// <summary>The registers of one servo: what it works with now, what a power cycle brings back, and the saved EEPROM set.</summary>
internal sealed class RegisterImage
{
    private static readonly bool[] _writable = Mark(r => r.Access == RegisterAccess.ReadWrite);
    private static readonly bool[] _kept = Mark(r => r.Area != RegisterArea.Ram);
    private static readonly byte[] _defaults = Defaults();

    private readonly byte[] _live = [.. _defaults];
    private readonly byte[] _stored = [.. _defaults];
    private byte[] _saved = [.. _defaults];

    /// <summary>A register's value now. A value it cannot hold becomes the nearest it can.</summary>
    public int this[in Register register]
    {
        get => register.Decode(_live.AsSpan(register.Address));
        set => register.Encode(Math.Clamp(value, register.Minimum, register.Maximum), _live.AsSpan(register.Address));
    }

    /// <summary>Sets a register as at the factory or in calibration: for good.</summary>
    public void Store(in Register register, int value)
    {
        this[register] = value;
        _live.AsSpan(register.Address, register.Size).CopyTo(_stored.AsSpan(register.Address));
    }

    /// <summary>Reads as a host does; addresses without a register read 0.</summary>
    public void Read(int address, Span<byte> destination)
    {
        destination.Clear();
        if (address < _live.Length)
            _live.AsSpan(address, Math.Min(destination.Length, _live.Length - address)).CopyTo(destination);
    }

    /// <summary>
    /// Writes as a host does: read-only bytes keep their value, and EEPROM bytes last over a power cycle only if the servo is not locked.
    /// </summary>
    public void Write(int address, ReadOnlySpan<byte> data)
    {
        var persists = this[Sts3215.Lock] == 0;
        for (var i = 0; i < data.Length && address + i < _live.Length; i++)
        {
            var at = address + i;
            if (!_writable[at])
                continue;
            _live[at] = data[i];
            if (persists && _kept[at])
                _stored[at] = data[i];
        }
    }

    /// <summary>Power comes (back): EEPROM as stored, RAM as new, the torque limit from its EEPROM register.</summary>
    public void PowerUp()
    {
        for (var i = 0; i < _live.Length; i++)
            _live[i] = _kept[i] ? _stored[i] : _defaults[i];
        this[Sts3215.TorqueLimit] = this[Sts3215.MaxTorqueLimit];
    }

    /// <summary>Saves the EEPROM set.</summary>
    public void Save() => _saved = [.. _stored];

    /// <summary>Brings back the EEPROM set last saved, or the factory's; the id stays.</summary>
    public void Restore()
    {
        var id = this[Sts3215.Id];
        for (var i = 0; i < _live.Length; i++)
        {
            if (_kept[i])
                _live[i] = _stored[i] = _saved[i];
        }

        Store(Sts3215.Id, id);
    }

    private static bool[] Mark(Predicate<Register> which)
    {
        var marks = new bool[Sts3215.ImageSize];
        foreach (var register in Sts3215.All)
            marks.AsSpan(register.Address, register.Size).Fill(which(register));
        return marks;
    }

    private static byte[] Defaults()
    {
        var image = new byte[Sts3215.ImageSize];
        foreach (var register in Sts3215.All)
            register.Encode(register.Default, image.AsSpan(register.Address));
        return image;
    }
}

namespace Armada.Emulators.Servos;

/// <summary>The registers of one servo: what it works with now, what a power cycle brings back, and the saved EEPROM set.</summary>
internal sealed class RegisterImage
{
    private static readonly bool[] Writable = Mark(r => r.Access == RegisterAccess.ReadWrite);
    private static readonly bool[] Kept = Mark(r => r.Area != RegisterArea.Ram);
    private static readonly byte[] Defaults = FactoryImage();

    private readonly byte[] live = [.. Defaults];
    private readonly byte[] stored = [.. Defaults];
    private byte[] saved = [.. Defaults];

    public int this[in Register register]
    {
        get => register.Decode(live.AsSpan(register.Address));
        set => register.Encode(Math.Clamp(value, register.Minimum, register.Maximum), live.AsSpan(register.Address));
    }

    public void Store(in Register register, int value)
    {
        this[register] = value;
        live.AsSpan(register.Address, register.Size).CopyTo(stored.AsSpan(register.Address));
    }

    /// <summary>Reads as a host does; addresses without a register read 0.</summary>
    public void Read(int address, Span<byte> destination)
    {
        destination.Clear();
        if (address < live.Length)
            live.AsSpan(address, Math.Min(destination.Length, live.Length - address)).CopyTo(destination);
    }

    /// <summary>Writes as a host does: read-only bytes keep their value, and EEPROM bytes last over a power cycle only if the servo is
    /// not locked.</summary>
    public void Write(int address, ReadOnlySpan<byte> data)
    {
        var persists = this[Sts3215.Lock] == 0;
        for (var i = 0; i < data.Length && address + i < live.Length; i++)
        {
            var at = address + i;
            if (!Writable[at])
                continue;
            live[at] = data[i];
            if (persists && Kept[at])
                stored[at] = data[i];
        }
    }

    /// <summary>Power comes (back): EEPROM as stored, RAM as new, the torque limit from its EEPROM register.</summary>
    public void PowerUp()
    {
        for (var i = 0; i < live.Length; i++)
            live[i] = Kept[i] ? stored[i] : Defaults[i];
        this[Sts3215.TorqueLimit] = this[Sts3215.MaxTorqueLimit];
    }

    public void Save() => saved = [.. stored];

    /// <summary>Brings back the EEPROM set last saved, or the factory's; the id stays.</summary>
    public void Restore()
    {
        var id = this[Sts3215.Id];
        for (var i = 0; i < live.Length; i++)
        {
            if (Kept[i])
                live[i] = stored[i] = saved[i];
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

    private static byte[] FactoryImage()
    {
        var image = new byte[Sts3215.ImageSize];
        foreach (var register in Sts3215.All)
            register.Encode(register.Default, image.AsSpan(register.Address));
        return image;
    }
}

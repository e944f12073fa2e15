namespace Armada.Devices.ServoBus;

/// <summary>What the host asks of a servo (STS/SMS series, "protocol 0").</summary>
public enum Instruction : byte
{
    /// <summary>Answer with an empty status frame. The one broadcast that is answered.</summary>
    Ping = 0x01,

    /// <summary>Read registers: address, length.</summary>
    Read = 0x02,

    /// <summary>Write registers: address, data.</summary>
    Write = 0x03,

    /// <summary>Hold a write until <see cref="Action"/>: address, data.</summary>
    RegWrite = 0x04,

    /// <summary>Carry out the held writes.</summary>
    Action = 0x05,

    /// <summary>Restore the saved EEPROM set. Known from one vendor manual only: never sent by Armada.</summary>
    Recovery = 0x06,

    /// <summary>Restart the servo. Known from one vendor manual only: never sent by Armada.</summary>
    Reboot = 0x08,

    /// <summary>Save the EEPROM set for <see cref="Recovery"/>. Known from one vendor manual only: never sent by Armada.</summary>
    Backup = 0x09,

    /// <summary>Clear the turn counter and the status; not a factory reset.</summary>
    Reset = 0x0A,

    /// <summary>Make the present position read as 2048, or as the two-byte value given. Firmware 3.10 and later.</summary>
    OffsetCalibrate = 0x0B,

    /// <summary>Broadcast: each listed servo answers with its own status frame, in list order: address, length, ids.</summary>
    SyncRead = 0x82,

    /// <summary>Broadcast, unanswered: address, length, then an id and that many bytes for each servo.</summary>
    SyncWrite = 0x83,
}

using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Codec;

/// <summary>Frames written down byte for byte: what the host sends and what servos answer.</summary>
public static class ReferenceVectors
{
    /// <summary>Bytes, id, instruction, parameters.</summary>
    public static TheoryData<string, byte, Instruction, string> Instructions => new()
    {
        { "FF FF 01 02 01 FB", 1, Instruction.Ping, "" },
        { "FF FF FE 02 01 FE", 254, Instruction.Ping, "" },
        { "FF FF 01 04 02 03 02 F3", 1, Instruction.Read, "03 02" },
        { "FF FF 01 04 02 00 01 F7", 1, Instruction.Read, "00 01" },
        { "FF FF 01 04 02 01 01 F6", 1, Instruction.Read, "01 01" },
        { "FF FF 01 04 02 38 02 BE", 1, Instruction.Read, "38 02" },
        { "FF FF 06 04 02 38 02 B9", 6, Instruction.Read, "38 02" },
        { "FF FF FE 0A 82 38 02 01 02 03 04 05 06 26", 254, Instruction.SyncRead, "38 02 01 02 03 04 05 06" },
        { "FF FF FE 0A 82 38 0F 01 02 03 04 05 06 19", 254, Instruction.SyncRead, "38 0F 01 02 03 04 05 06" },
        {
            "FF FF FE 16 83 2A 02 01 00 08 02 00 04 03 00 0C 04 FF 07 05 C4 09 06 DC 05 5B", 254, Instruction.SyncWrite,
            "2A 02 01 00 08 02 00 04 03 00 0C 04 FF 07 05 C4 09 06 DC 05"
        },
        {
            "FF FF FE 16 83 2A 02 01 FF 07 02 FF 07 03 FF 07 04 FF 07 05 FF 07 06 FF 07 03", 254, Instruction.SyncWrite,
            "2A 02 01 FF 07 02 FF 07 03 FF 07 04 FF 07 05 FF 07 06 FF 07"
        },
        { "FF FF 01 05 03 2A 00 08 C4", 1, Instruction.Write, "2A 00 08" },
        { "FF FF 01 09 03 2A 00 08 00 00 E8 03 D5", 1, Instruction.Write, "2A 00 08 00 00 E8 03" },
        { "FF FF 01 05 04 2A 00 08 C3", 1, Instruction.RegWrite, "2A 00 08" },
        { "FF FF FE 02 05 FA", 254, Instruction.Action, "" },
        { "FF FF 01 04 03 28 00 CF", 1, Instruction.Write, "28 00" },
        { "FF FF 01 04 03 37 00 C0", 1, Instruction.Write, "37 00" },
        { "FF FF 01 04 03 28 01 CE", 1, Instruction.Write, "28 01" },
        { "FF FF 01 04 03 37 01 BF", 1, Instruction.Write, "37 01" },
        { "FF FF 06 04 03 28 00 CA", 6, Instruction.Write, "28 00" },
        { "FF FF 06 04 03 37 00 BB", 6, Instruction.Write, "37 00" },
        {
            "FF FF FE 10 83 28 01 01 00 02 00 03 00 04 00 05 00 06 00 30", 254, Instruction.SyncWrite,
            "28 01 01 00 02 00 03 00 04 00 05 00 06 00"
        },
        {
            "FF FF FE 10 83 28 01 01 01 02 01 03 01 04 01 05 01 06 01 2A", 254, Instruction.SyncWrite,
            "28 01 01 01 02 01 03 01 04 01 05 01 06 01"
        },
        { "FF FF FE 04 03 28 00 D2", 254, Instruction.Write, "28 00" },
        { "FF FF 01 05 03 1F C6 0A 07", 1, Instruction.Write, "1F C6 0A" },
        { "FF FF 01 05 03 1F 59 06 78", 1, Instruction.Write, "1F 59 06" },
        { "FF FF 01 05 03 09 F6 02 F5", 1, Instruction.Write, "09 F6 02" },
        { "FF FF 01 05 03 0B DC 0C 03", 1, Instruction.Write, "0B DC 0C" },
        { "FF FF 01 04 03 21 00 D6", 1, Instruction.Write, "21 00" },
        { "FF FF 01 04 03 07 00 F0", 1, Instruction.Write, "07 00" },
        { "FF FF 01 04 03 15 10 D2", 1, Instruction.Write, "15 10" },
        { "FF FF 01 04 03 17 00 E0", 1, Instruction.Write, "17 00" },
        { "FF FF 01 04 03 16 20 C1", 1, Instruction.Write, "16 20" },
        { "FF FF 01 04 03 55 FE A4", 1, Instruction.Write, "55 FE" },
        { "FF FF 01 04 03 29 FE D0", 1, Instruction.Write, "29 FE" },
        { "FF FF 06 05 03 10 F4 01 EC", 6, Instruction.Write, "10 F4 01" },
        { "FF FF 06 05 03 1C FA 00 DB", 6, Instruction.Write, "1C FA 00" },
        { "FF FF 06 04 03 24 19 B5", 6, Instruction.Write, "24 19" },
        { "FF FF 01 04 03 05 06 EC", 1, Instruction.Write, "05 06" },
        { "FF FF 06 04 03 06 00 EC", 6, Instruction.Write, "06 00" },
        { "FF FF 01 04 03 28 80 4F", 1, Instruction.Write, "28 80" },
        { "FF FF 01 02 0A F2", 1, Instruction.Reset, "" },
        { "FF FF 01 02 08 F4", 1, Instruction.Reboot, "" },
        { "FF FF 01 02 06 F6", 1, Instruction.Recovery, "" },
    };

    /// <summary>Bytes, id, errors, data.</summary>
    public static TheoryData<string, byte, ServoErrors, string> Statuses => new()
    {
        { "FF FF 01 02 00 FC", 1, ServoErrors.None, "" },
        { "FF FF 06 02 00 F7", 6, ServoErrors.None, "" },
        { "FF FF 01 04 00 09 03 EE", 1, ServoErrors.None, "09 03" },
        { "FF FF 01 03 00 03 F8", 1, ServoErrors.None, "03" },
        { "FF FF 01 03 00 0A F1", 1, ServoErrors.None, "0A" },
        { "FF FF 01 04 00 00 08 F2", 1, ServoErrors.None, "00 08" },
        { "FF FF 01 04 00 18 05 DD", 1, ServoErrors.None, "18 05" },
        { "FF FF 01 04 00 64 80 16", 1, ServoErrors.None, "64 80" },
        { "FF FF 06 04 20 DC 05 F4", 6, ServoErrors.Overload, "DC 05" },
        { "FF FF 02 04 00 00 04 F5", 2, ServoErrors.None, "00 04" },
        { "FF FF 03 04 00 00 0C EC", 3, ServoErrors.None, "00 0C" },
        { "FF FF 04 04 00 FF 07 F1", 4, ServoErrors.None, "FF 07" },
        { "FF FF 05 04 00 C4 09 29", 5, ServoErrors.None, "C4 09" },
        { "FF FF 06 04 00 DC 05 14", 6, ServoErrors.None, "DC 05" },
        { "FF FF 01 02 01 FB", 1, ServoErrors.Voltage, "" },
        { "FF FF 06 02 20 D7", 6, ServoErrors.Overload, "" },
        { "FF FF 03 02 24 D6", 3, ServoErrors.Overload | ServoErrors.Overheat, "" },
    };

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}

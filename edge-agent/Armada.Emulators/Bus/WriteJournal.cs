using System.Buffers.Binary;

namespace Armada.Emulators.Bus;

/// <summary>The newest writes on a bus, for tests and for a look from outside. Any thread.</summary>
public sealed class WriteJournal
{
    private readonly RegisterWrite[] ring = new RegisterWrite[Capacity];
    private readonly object gate = new();

    /// <summary>How many are kept; older ones are forgotten.</summary>
    public const int Capacity = 16_384;

    public long Count { get; private set; }

    /// <param name="since">Only those after so many: an earlier <see cref="Count"/>.</param>
    public IReadOnlyList<RegisterWrite> Since(long since = 0)
    {
        lock (gate)
        {
            var first = Math.Clamp(Math.Max(since, Count - Capacity), 0, Count);
            var writes = new RegisterWrite[Count - first];
            for (var i = 0; i < writes.Length; i++)
                writes[i] = ring[(first + i) % Capacity];
            return writes;
        }
    }

    /// <param name="since">Only one after so many: an earlier <see cref="Count"/>.</param>
    /// <returns>The write; null if it did not come.</returns>
    public RegisterWrite? Wait(Predicate<RegisterWrite> wanted, TimeSpan timeout, long since = 0)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (gate)
        {
            for (var next = Math.Max(since, Count - Capacity); ; next++)
            {
                while (next >= Count)
                {
                    var left = end - Environment.TickCount64;
                    if (left <= 0 || !Monitor.Wait(gate, TimeSpan.FromMilliseconds(left)))
                        return null;
                }

                next = Math.Max(next, Count - Capacity);
                var write = ring[next % Capacity];
                if (wanted(write))
                    return write;
            }
        }
    }

    internal void Add(in RegisterWrite write)
    {
        lock (gate)
        {
            ring[Count % Capacity] = write;
            Count++;
            Monitor.PulseAll(gate);
        }
    }
}

/// <summary>A write that went over the bus to one servo or to all, whether or not they heard it.</summary>
/// <param name="Timestamp">When, as <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Id">Which servo; <see cref="ServoFrame.Broadcast"/> for one write to all.</param>
/// <param name="Instruction">Write, held write or sync write.</param>
/// <param name="Data">The first eight of them, the first one lowest.</param>
public readonly record struct RegisterWrite(long Timestamp, byte Id, Instruction Instruction, byte Address, byte Length, ulong Data)
{
    public int? Of(in Register register)
    {
        var offset = register.Address - Address;
        if (offset < 0 || offset + register.Size > Math.Min((int)Length, sizeof(ulong)))
            return null;
        Span<byte> data = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(data, Data);
        return register.Decode(data[offset..]);
    }

    /// <summary>Whether it was the one write that takes the torque off every servo.</summary>
    public bool IsTorqueOffForAll => Id == ServoFrame.Broadcast && Of(Sts3215.TorqueEnable) == 0;

    internal static RegisterWrite From(long timestamp, byte id, Instruction instruction, byte address, ReadOnlySpan<byte> bytes)
    {
        Span<byte> data = stackalloc byte[sizeof(ulong)];
        data.Clear();
        bytes[..Math.Min(bytes.Length, data.Length)].CopyTo(data);
        return new RegisterWrite(timestamp, id, instruction, address, (byte)bytes.Length, BinaryPrimitives.ReadUInt64LittleEndian(data));
    }
}

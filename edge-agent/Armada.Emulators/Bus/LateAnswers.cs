using Armada.Devices.ServoBus;

namespace Armada.Emulators.Bus;

/// <summary>Answers of slow servos that are still to come, one for each servo.</summary>
internal sealed class LateAnswers
{
    private readonly List<Slot> slots = [];

    /// <summary>When the next is due; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextDue { get; private set; } = long.MaxValue;

    /// <summary>Whether a servo has still to answer.</summary>
    public bool IsBusy(byte id) => Find(id) is { Length: > 0 };

    /// <summary>Keeps an answer for later.</summary>
    public void Add(byte id, ReadOnlySpan<byte> answer, long due)
    {
        var slot = Find(id);
        if (slot is null)
            slots.Add(slot = new Slot(id));
        answer.CopyTo(slot.Bytes);
        (slot.Length, slot.Due) = (answer.Length, due);
        NextDue = Math.Min(NextDue, due);
    }

    /// <summary>An answer that is due.</summary>
    public bool TryTake(long now, out ReadOnlySpan<byte> answer)
    {
        answer = default;
        if (now < NextDue)
            return false;
        NextDue = long.MaxValue;
        foreach (var slot in slots)
        {
            if (slot.Length > 0 && slot.Due <= now && answer.IsEmpty)
            {
                answer = slot.Bytes.AsSpan(0, slot.Length);
                slot.Length = 0;
            }
            else if (slot.Length > 0)
            {
                NextDue = Math.Min(NextDue, slot.Due);
            }
        }

        return !answer.IsEmpty;
    }

    private Slot? Find(byte id)
    {
        foreach (var slot in slots)
        {
            if (slot.Id == id)
                return slot;
        }

        return null;
    }

    private sealed class Slot(byte id)
    {
        public byte Id { get; } = id;

        public byte[] Bytes { get; } = new byte[ServoFrame.MaxSize];

        public int Length { get; set; }

        public long Due { get; set; }
    }
}

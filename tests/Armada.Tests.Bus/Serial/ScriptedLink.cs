using Armada.Devices.Serial;
using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Serial;

/// <summary>A serial link in memory and virtual time: a script answers each request with bytes after delays.</summary>
public sealed class ScriptedLink(VirtualTime time) : ISerialLink
{
    private readonly InstructionParser parser = new();
    private readonly List<(long At, byte[] Bytes)> coming = [];

    /// <summary>Answers the instruction with this number, counted from 1.</summary>
    public delegate void Script(int number, InstructionFrame asked);

    public string Port => "scripted";

    public Script Answer { get; set; } = (_, _) => { };

    public List<byte[]> Sent { get; } = [];

    public void Come(double milliseconds, params byte[] bytes) =>
        coming.Add((time.GetTimestamp() + (long)(milliseconds * 1000), bytes));

    public void Status(double milliseconds, byte id, params byte[] data) => StatusWith(milliseconds, id, ServoErrors.None, data);

    public void StatusWith(double milliseconds, byte id, ServoErrors errors, params byte[] data)
    {
        var frame = new byte[ServoFrame.MaxSize];
        Come(milliseconds, frame[..ServoFrame.Status(frame, id, errors, data)]);
    }

    public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Sent.Add(bytes.ToArray());
        while (parser.TryRead(ref bytes, out var frame))
            Answer(Sent.Count, frame);
    }

    public int Read(Span<byte> buffer, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var until = time.GetTimestamp() + Math.Max(0, (long)Math.Ceiling(timeout.TotalMicroseconds));
        var next = coming.Select(c => c.At).DefaultIfEmpty(long.MaxValue).Min();
        if (next > until)
        {
            time.MoveTo(until);
            return 0;
        }

        time.MoveTo(next);
        var due = coming.First(c => c.At == next);
        coming.Remove(due);
        due.Bytes.CopyTo(buffer);
        return due.Bytes.Length;
    }

    public void Dispose()
    {
    }
}

using System.Runtime.InteropServices;
using static Armada.Devices.Serial.Posix.Libc;

namespace Armada.Devices.Serial.Posix;

/// <summary>A serial port through the kernel's terminal layer.</summary>
internal sealed unsafe class PosixSerialLink(string port, Descriptor descriptor) : ISerialLink
{
    private readonly CancellableWait wait = new();

    public string Port => port;

    public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* first = bytes)
                written = Libc.Write(descriptor, first, (nuint)bytes.Length);
            if (written >= 0)
                bytes = bytes[(int)written..];
            else if (!MayTryAgain())
                throw new SerialLostException(port);
            if (!bytes.IsEmpty)
                wait.For(descriptor, PollOut, timeout: null, cancellation);
        }
    }

    public int Read(Span<byte> buffer, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (timeout <= TimeSpan.Zero)
            return ReadNow(buffer);
        return wait.For(descriptor, PollIn, timeout, cancellation) == 0 ? 0 : ReadNow(buffer);
    }

    public void DiscardInput()
    {
        const int Input = 0;
        if (Control(descriptor, Flush, Input) != 0)
            throw new SerialLostException(port);
    }

    public void Dispose()
    {
        // The exclusive mark lasts as long as anybody holds the terminal open, not just this descriptor.
        if (!descriptor.IsClosed)
            _ = Control(descriptor, ClearExclusive, 0);
        descriptor.Dispose();
        wait.Dispose();
    }

    /// <summary>The line is set to hand over single bytes (VMIN 1), so that 0 bytes read mean a hang-up and nothing else.</summary>
    private int ReadNow(Span<byte> buffer)
    {
        nint read;
        fixed (byte* first = buffer)
            read = Libc.Read(descriptor, first, (nuint)buffer.Length);
        if (read > 0)
            return (int)read;
        return read < 0 && MayTryAgain() ? 0 : throw new SerialLostException(port);
    }

    private static bool MayTryAgain() => Marshal.GetLastPInvokeError() is Errno.Again or Errno.Interrupted;
}

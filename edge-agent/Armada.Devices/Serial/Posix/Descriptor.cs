using System.Runtime.InteropServices;

namespace Armada.Devices.Serial.Posix;

/// <summary>An open file descriptor, closed exactly once.</summary>
internal sealed class Descriptor : SafeHandle
{
    public Descriptor()
        : base(-1, ownsHandle: true)
    {
    }

    public int Number => unchecked((int)handle);

    // The C functions return a 32-bit int; what the upper half of the handle holds then is chance.
    public override bool IsInvalid => Number == -1;

    protected override bool ReleaseHandle() => Libc.Close(Number) == 0;
}

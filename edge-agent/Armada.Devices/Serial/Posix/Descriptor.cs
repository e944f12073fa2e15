using System.Runtime.InteropServices;

namespace Armada.Devices.Serial.Posix;

/// <summary>An open file descriptor, closed exactly once.</summary>
internal sealed class Descriptor : SafeHandle
{
    public Descriptor()
        : base(-1, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == -1;

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}

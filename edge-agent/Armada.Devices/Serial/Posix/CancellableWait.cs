using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using static Armada.Devices.Serial.Posix.Libc;

namespace Armada.Devices.Serial.Posix;

/// <summary>Waits for a descriptor, a timeout or a cancellation, without spinning. The token is registered when it is first seen and
/// kept for the calls that follow, so a loop that waits on one token allocates nothing. For one thread at a time.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class CancellableWait : IDisposable
{
    private readonly Descriptor wake;
    private CancellationToken token;
    private CancellationTokenRegistration registration;

    public CancellableWait()
    {
        wake = Event(0, CloseOnExec | NonBlocking);
        if (wake.IsInvalid)
            throw new IOException($"eventfd: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Waits until the descriptor can be read or written, hangs up, or the time is over.</summary>
    /// <param name="events">PollIn or PollOut.</param>
    /// <param name="timeout">Null: forever.</param>
    /// <returns>What the descriptor reports, 0 at the timeout.</returns>
    public short For(Descriptor descriptor, short events, TimeSpan? timeout, CancellationToken cancellation)
    {
        Listen(cancellation);
        var entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { Descriptor = descriptor.Number, Events = events };
        entries[1] = new PollEntry { Descriptor = wake.Number, Events = PollIn };
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Poll(entries, timeout - TimeProvider.System.GetElapsedTime(begun)))
                cancellation.ThrowIfCancellationRequested();
            else if (Marshal.GetLastPInvokeError() == ErrorInterrupted)
                continue;
            else
                throw new IOException($"ppoll: {Marshal.GetLastPInvokeErrorMessage()}");
            return entries[0].Returned;
        }
    }

    public void Dispose()
    {
        registration.Dispose();
        wake.Dispose();
    }

    private static bool Poll(PollEntry* entries, TimeSpan? left)
    {
        if (left is not { } time)
            return Libc.Poll(entries, 2, null, null) >= 0;
        var spec = TimeSpec.Of(Math.Max(0, time.Ticks * TimeSpan.NanosecondsPerTick));
        return Libc.Poll(entries, 2, &spec, null) >= 0;
    }

    private void Listen(CancellationToken cancellation)
    {
        if (cancellation == token)
            return;
        registration.Dispose();
        ulong spent;
        _ = Read(wake, (byte*)&spent, sizeof(ulong));
        token = cancellation;
        registration = cancellation.UnsafeRegister(static wait => ((CancellableWait)wait!).Wake(), this);
    }

    private void Wake()
    {
        ulong one = 1;
        _ = Write(wake, (byte*)&one, sizeof(ulong));
    }
}

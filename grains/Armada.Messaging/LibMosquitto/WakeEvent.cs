using Armada.Messaging.LibMosquitto.Native;

namespace Armada.Messaging.LibMosquitto;

/// <summary>Ends the link thread's wait from any thread.</summary>
internal sealed class WakeEvent : IDisposable
{
    private readonly Lock gate = new();
    private int descriptor = Posix.OpenEvent();

    /// <summary>To poll on; only while not disposed.</summary>
    public int Descriptor => descriptor;

    public void Raise()
    {
        // The lock keeps a late caller from writing into whatever file has got the number of a closed descriptor.
        lock (gate)
        {
            if (descriptor >= 0) Posix.Raise(descriptor);
        }
    }

    public void Lower() => Posix.Lower(descriptor);

    public void Dispose()
    {
        lock (gate)
        {
            if (descriptor >= 0) _ = Posix.Close(descriptor);
            descriptor = -1;
        }
    }
}

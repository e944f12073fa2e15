using Armada.Messaging.LibMosquitto.Native;

namespace Armada.Messaging.LibMosquitto;

/// <summary>Ends the link thread's wait from any thread.</summary>
internal sealed class WakeEvent : IDisposable
{
    private readonly Lock _lock = new();
    private int _descriptor = Posix.OpenEvent();

    /// <summary>To poll on; only while not disposed.</summary>
    public int Descriptor => _descriptor;

    public void Raise()
    {
        // The lock keeps a late caller from writing into whatever file has got the number of a closed descriptor.
        lock (_lock)
        {
            if (_descriptor >= 0) Posix.Raise(_descriptor);
        }
    }

    public void Lower() => Posix.Lower(_descriptor);

    public void Dispose()
    {
        lock (_lock)
        {
            if (_descriptor >= 0) _ = Posix.Close(_descriptor);
            _descriptor = -1;
        }
    }
}

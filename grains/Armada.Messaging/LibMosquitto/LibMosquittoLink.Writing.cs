using Armada.Messaging.LibMosquitto.Native;

namespace Armada.Messaging.LibMosquitto;

/// <content>Who writes: whoever has something, if nobody else drives the library; else the one who does, before letting go.</content>
public sealed partial class LibMosquittoLink
{
    private readonly Lock _driving = new();
    private MosquittoClient? _writable;
    private int _mustWrite;
    private int _linkThread;

    private void WriteSoon()
    {
        Interlocked.Exchange(ref _mustWrite, 1);

        // In a handler or in StateChanged: the loop writes as soon as the call returns. The library must not be entered twice.
        if (Environment.CurrentManagedThreadId == _linkThread) return;

        while (Volatile.Read(ref _mustWrite) != 0 && _driving.TryEnter())
        {
            bool loopIsNeeded;
            try
            {
                loopIsNeeded = _writable is { } client && !Write(client);
                if (_writable is null) Volatile.Write(ref _mustWrite, 0);
            }
            finally
            {
                _driving.Exit();
            }
            if (loopIsNeeded) _wake?.Raise();

            // Somebody may have found us driving and left the writing to us: look again, after letting go and not before.
            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>Writes all that waits. False where the socket is full or gone, which is for the loop to see to.</summary>
    private bool Write(MosquittoClient client)
    {
        do
        {
            Interlocked.Exchange(ref _mustWrite, 0);
            if (client.Socket < 0) return false;
            var result = Mosquitto.LoopWrite(client.Handle, 1);
            if (result != Mosquitto.Success || client.Socket < 0) return false;
        }
        while (_outbox.Written(client.WantsToWrite));
        return !client.WantsToWrite;
    }
}

using Armada.Messaging.LibMosquitto.Native;

namespace Armada.Messaging.LibMosquitto;

/// <content>Who writes: whoever has something, if nobody else drives the library; else the one who does, before letting go.</content>
public sealed partial class LibMosquittoLink
{
    private readonly Lock driving = new();
    private MosquittoClient? writable;
    private int mustWrite;
    private int linkThread;

    private void WriteSoon()
    {
        Interlocked.Exchange(ref mustWrite, 1);

        // In a handler or in StateChanged: the loop writes as soon as the call returns. The library must not be entered twice.
        if (Environment.CurrentManagedThreadId == linkThread) return;

        while (Volatile.Read(ref mustWrite) != 0 && driving.TryEnter())
        {
            bool loopIsNeeded;
            try
            {
                loopIsNeeded = writable is { } client && !Write(client);
                if (writable is null) Volatile.Write(ref mustWrite, 0);
            }
            finally
            {
                driving.Exit();
            }
            if (loopIsNeeded) wake?.Raise();

            // Somebody may have found us driving and left the writing to us: look again, after letting go and not before.
            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>Writes all that waits. False where the socket is full or gone, which is for the loop to see to.</summary>
    private bool Write(MosquittoClient client)
    {
        do
        {
            Interlocked.Exchange(ref mustWrite, 0);
            if (client.Socket < 0) return false;
            var result = Mosquitto.LoopWrite(client.Handle, 1);
            if (result != Mosquitto.Success || client.Socket < 0) return false;
        }
        while (outbox.Written(client.WantsToWrite));
        return !client.WantsToWrite;
    }
}

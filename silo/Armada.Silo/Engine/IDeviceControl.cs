namespace Armada.Silo.Engine;

/// <summary>What the engine tells devices besides samples. Calls return at once and may come from any thread.</summary>
internal interface IDeviceControl
{
    /// <summary>A leader streams, a follower accepts commands, of this epoch.</summary>
    void StartStream(string device, uint epoch);

    /// <summary>The end of that.</summary>
    void StopStream(string device, uint epoch);

    /// <summary>Latch the device's stop; repeated until the device answers.</summary>
    void Stop(string device);

    /// <summary>Release the device's stop; repeated until the device answers.</summary>
    void Reset(string device);

    /// <summary>Repeats nothing to the device any more: its robot is gone, or another process speaks for it from now on.</summary>
    void Forget(string device);

    /// <summary>Whether the device said that it is online; null where it never said anything.</summary>
    bool? IsOnline(string device);

    /// <summary>Lets time pass: repeats what waits for an answer.</summary>
    void Tick();
}

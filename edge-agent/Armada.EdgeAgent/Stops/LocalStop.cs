namespace Armada.EdgeAgent.Stops;

/// <summary>The agent's own latched stop, for all of its devices: works with network, broker and silo gone. A reset from the silo does
/// not release it, nor does its reset release a stop of the silo's.</summary>
public sealed class LocalStop
{
    private volatile bool latched;
    private long latchedAt;

    public bool IsLatched => latched;

    /// <summary>When it was latched last, in the system's timestamps.</summary>
    public long LatchedAt => Volatile.Read(ref latchedAt);

    public void Latch()
    {
        Volatile.Write(ref latchedAt, TimeProvider.System.GetTimestamp());
        latched = true;
    }

    public void Release() => latched = false;
}

/// <summary>Both stops that bear on one device; it moves only while neither is latched.</summary>
public sealed class StopLatches(LocalStop local)
{
    private volatile bool remote;
    private long remoteAt;

    public bool IsLatched => remote || local.IsLatched;
    public bool IsRemoteLatched => remote;

    /// <summary>Time since the later of the two was latched.</summary>
    public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(Math.Max(Volatile.Read(ref remoteAt), local.LatchedAt));

    public void LatchRemote()
    {
        if (!remote)
            Volatile.Write(ref remoteAt, TimeProvider.System.GetTimestamp());
        remote = true;
    }

    public void ReleaseRemote() => remote = false;
}

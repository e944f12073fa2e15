namespace Armada.EdgeAgent.Stops;

/// <summary>The agent's own latched stop, for all of its devices: works with network, broker and silo gone. A reset from the silo does
/// not release it, nor does its reset release a stop of the silo's.</summary>
public sealed class LocalStop
{
    private volatile bool latched;

    public bool IsLatched => latched;

    public void Latch() => latched = true;

    public void Release() => latched = false;
}

/// <summary>Both stops that bear on one device; it moves only while neither is latched.</summary>
public sealed class StopLatches(LocalStop local)
{
    private volatile bool remote;

    public bool IsLatched => remote || local.IsLatched;
    public bool IsRemoteLatched => remote;

    public void LatchRemote() => remote = true;

    public void ReleaseRemote() => remote = false;
}

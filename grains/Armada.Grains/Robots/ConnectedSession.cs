using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Grains.Robots;

/// <summary>A session as its robot sees it: whatever it throws stays here, and one that threw hears nothing more but its end.</summary>
internal sealed class ConnectedSession(IRobotSession session, Action<ConnectedSession, Exception> onFault) : ISlaveSink
{
    private bool failed;

    public IRobotSession Session => session;

    public string Name { get; } = session.Name;

    public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions, bool hasMore)
    {
        if (failed)
            return;
        try
        {
            session.OnCommand(stamp, positions);
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
    }

    public void Notify(RobotEvent note)
    {
        if (failed)
            return;
        try
        {
            session.OnEvent(note);
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
    }

    public void End(string reason)
    {
        try
        {
            session.OnGone(reason);
        }
        catch (Exception fault)
        {
            if (!failed)
                Fail(fault);
        }
    }

    private void Fail(Exception fault)
    {
        failed = true;
        onFault(this, fault);
    }
}

using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Silo.Engine;

/// <summary>A party as the robot's cell tells it things: whatever it throws stays here, and one that threw is told no more.</summary>
/// <param name="party">The party.</param>
/// <param name="onFault">Told once, inside the turn, of what it threw.</param>
internal sealed class ConnectedSession(IRobotSession party, Action<ConnectedSession, Exception> onFault) : ISlaveSink
{
    private bool failed;

    /// <summary>Its name when it connected.</summary>
    public string Name { get; } = party.Name;

    /// <summary>Whether it is this one.</summary>
    public bool Is(IRobotSession other) => party == other;

    /// <inheritdoc/>
    public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        if (failed)
            return;
        try
        {
            party.OnCommand(stamp, positions);
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
    }

    /// <summary>Tells it what happened.</summary>
    public void Tell(RobotEvent note)
    {
        if (failed)
            return;
        try
        {
            party.OnEvent(note);
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
    }

    /// <summary>Tells it, whether it failed or not, that it is told no more.</summary>
    public void Expel(string reason)
    {
        try
        {
            party.OnGone(reason);
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

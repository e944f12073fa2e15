using Armada.Domain.Routing;
using Armada.Domain.Time;

namespace Armada.Domain.Robots;

/// <summary>
/// One robot: who may command it, what its slaves are told. State, input and time in; effects and commands out.
/// </summary>
/// <remarks>
/// Not thread-safe: its host runs one turn at a time, and does a turn's effects in order before the next turn. Where a
/// <see cref="Effect.Persist"/> fails, the host leaves out the effects after it and calls <see cref="OnPersistFailed"/>.
/// </remarks>
public sealed partial class RobotCore
{
    /// <summary>A robot as it was stored; the host calls <see cref="Start"/> next.</summary>
    /// <param name="document">What survived.</param>
    /// <param name="fleetStopped">Whether the fleet's stop is latched.</param>
    /// <param name="timing">Deadlines and speeds.</param>
    /// <param name="now">The turn's time.</param>
    public RobotCore(RobotDocument document, bool fleetStopped, RobotTiming timing, in Moment now)
    {
        Document = document;
    }

    /// <summary>What must survive a restart, as of the last turn.</summary>
    public RobotDocument Document { get; private set; }

    /// <summary>After a load: sends a latched stop to the slaves again.</summary>
    public Decision Start(in Moment now) => throw new NotImplementedException();

    /// <summary>Does what is asked, or says why not.</summary>
    public Decision Apply(RobotRequest request, in Moment now) => throw new NotImplementedException();

    /// <summary>Lets time pass: leases run out, slaves lag and fail. To be called every 50 to 100 ms.</summary>
    public Decision Tick(in Moment now) => throw new NotImplementedException();

    /// <summary>A state frame of the bound master.</summary>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="positions">Joint positions; NaN where there is no reading.</param>
    /// <param name="now">When it came.</param>
    /// <param name="sink">Takes the command of each slave, before this returns.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    /// <returns>What became of it; counted already.</returns>
    public Verdict OnMasterFrame(
        in SampleStamp stamp, ReadOnlySpan<double> positions, in Moment now, ICommandSink sink, out Decision decision) =>
        throw new NotImplementedException();

    /// <summary>A state frame of a slave.</summary>
    /// <param name="slave">Index in the document's slaves as of this turn; see <see cref="FindSlave"/>.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="positions">Joint positions; NaN where there is no reading.</param>
    /// <param name="now">When it came.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    /// <returns>What became of it; counted already.</returns>
    public Verdict OnSlaveFrame(
        int slave, in SampleStamp stamp, ReadOnlySpan<double> positions, in Moment now, out Decision decision) =>
        throw new NotImplementedException();

    /// <summary>A device's presence. Told again of what it knows already, the core does nothing.</summary>
    /// <param name="device">Device name; one that is not bound here is ignored.</param>
    /// <param name="online">False with the last will.</param>
    /// <param name="now">When it came.</param>
    public Decision OnPresence(string device, bool online, in Moment now) => throw new NotImplementedException();

    /// <summary>The document could not be made durable: goes back to the one that is, but keeps a stop that was latched.</summary>
    /// <param name="durable">The last document that was made durable.</param>
    /// <param name="now">The turn's time.</param>
    public Decision OnPersistFailed(RobotDocument durable, in Moment now) => throw new NotImplementedException();

    /// <summary>Index of a device among the slaves, or -1. Unbinding moves the indices after it.</summary>
    public int FindSlave(string device) => throw new NotImplementedException();

    /// <summary>The robot now.</summary>
    public RobotSnapshot Snapshot(in Moment now) => throw new NotImplementedException();
}

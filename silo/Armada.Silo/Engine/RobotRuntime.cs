using System.Collections.Concurrent;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Silo.Engine;

/// <summary>
/// One robot's mailbox: its core takes one turn at a time. A sample takes its turn on the link's thread if the cell is idle, and waits
/// in its device's slot, newest only, if it is not. Everything else takes its turn in the cell's own loop, stops first.
/// </summary>
/// <remarks>
/// The turn is one number: whoever brings it from idle to busy owns core, slots and topics. An owner that leaves finds out whether
/// something came meanwhile (dirty), and then hands the turn, still busy, to the loop.
/// </remarks>
internal sealed partial class RobotRuntime : IHostedRobot
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Dirty = 2;

    private readonly RuntimeServices parts;
    private readonly IRobotStorage storage;
    private readonly ConcurrentQueue<WorkItem> urgent = new();
    private readonly ConcurrentQueue<WorkItem> queued = new();
    private readonly SemaphoreSlim handedOver = new(0);
    private readonly Task loop;
    private RobotCore core;
    private Decision due;
    private int turn = Busy;
    private int tickDue;
    private bool broken;
    private bool isFleetStopped;
    private volatile bool driving;
    private int closing;
    private volatile bool closed;

    /// <summary>A robot as it is stored; its first turn announces what the devices must know.</summary>
    public RobotRuntime(RobotDocument document, bool isFleetStopped, IRobotStorage storage, RuntimeServices parts)
    {
        (this.parts, this.storage, this.isFleetStopped) = (parts, storage, isFleetStopped);
        Id = document.Id;
        logger = parts.Logger;
        durable = document;
        commands = new SlaveCommands(parts.Clock, parts.Telemetry);
        core = new RobotCore(document, isFleetStopped, parts.Timing);
        due = core.Start();
        Rebind();
        loop = Task.Run(RunAsync);
        handedOver.Release();
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <summary>Whether the robot moves by itself, so that ticks are due more often; may be read from any thread.</summary>
    public bool IsDriving => driving;

    /// <summary>Told once when the robot has ended here.</summary>
    public Action<RobotRuntime>? OnClosed { get; init; }

    /// <summary>Takes a sample of one of the robot's devices, at once or in the next turn. Allocates nothing in steady state.</summary>
    public void OnSample(SampleSlot slot, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        if (Interlocked.CompareExchange(ref turn, Busy, Idle) == Idle)
        {
            RouteInline(slot, stamp, positions, now);
            return;
        }

        if (slot.Put(stamp, positions, now))
            parts.Telemetry.Count(slot.Role, FrameResult.Superseded);
        Wake();
    }

    /// <summary>Lets time pass.</summary>
    public void Tick()
    {
        Volatile.Write(ref tickDue, 1);
        if (Interlocked.CompareExchange(ref turn, Busy, Idle) == Idle)
            TickInline();
        else
            Wake();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closing, 1) == 0)
        {
            Wake();
            await loop;
            handedOver.Dispose();
            OnClosed?.Invoke(this);
        }

        await loop;
    }

    private void RouteInline(SampleSlot slot, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        try
        {
            commands.Received = now;
            Leave(Route(slot, stamp, positions, now));
        }
        catch
        {
            LeaveBroken();
            throw;
        }
    }

    private void TickInline()
    {
        try
        {
            Leave(RunTick());
        }
        catch
        {
            LeaveBroken();
            throw;
        }
    }

    private void LeaveBroken()
    {
        broken = true;
        Leave(Decision.Nothing);
    }

    private void Leave(Decision decision)
    {
        if (!broken && ReferenceEquals(decision, Decision.Nothing) && Interlocked.CompareExchange(ref turn, Idle, Busy) == Busy)
            return;
        due = decision;
        handedOver.Release();
    }

    private void Wake()
    {
        Interlocked.MemoryBarrier(); // What was left for the owner is visible before the turn is read.
        while (true)
        {
            switch (Volatile.Read(ref turn))
            {
                case Idle when Interlocked.CompareExchange(ref turn, Busy, Idle) == Idle:
                    due = Decision.Nothing;
                    handedOver.Release();
                    return;
                case Busy when Interlocked.CompareExchange(ref turn, Dirty, Busy) == Busy:
                case Dirty:
                    return;
            }
        }
    }
}

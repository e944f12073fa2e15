using System.Collections.Concurrent;
using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Grains.Robots;

namespace Armada.Silo.Cluster;

/// <summary>
/// This process's parties at the robots of the cluster. For each robot with parties here one listener asks its grain for what they are
/// to be told; an answer is given on only when everything that was told before it has arrived.
/// </summary>
internal sealed partial class Door(IGrainFactory grains, TimeProvider time, ILogger<Door> logger) : IAsyncDisposable
{
    private readonly IGrainFactory grains = grains;
    private readonly TimeProvider time = time;
    private readonly ConcurrentDictionary<long, UnboundSlave> guests = new();
    private readonly Dictionary<(string Robot, long Life), Listener> listeners = [];
    private readonly Lock sync = new();
    private ImmutableArray<Task> leavings = [];
    private long lastNumber;
    private bool isClosed;

    /// <summary>This door among those of the cluster; another one in each life of the process.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("n");

    /// <summary>Connects a party to a robot.</summary>
    public async Task<RobotReply> EnterAsync(string robot, IRobotSession party, CancellationToken cancellation)
    {
        var number = Interlocked.Increment(ref lastNumber);
        var guest = guests[number] = new UnboundSlave(number, robot, party); // Before the robot knows it: tellings may be faster than the answer.
        try
        {
            var reply = await grains.GetGrain<IRobotGrain>(robot).EnterAsync(Id, number, party.Name).UntilAsync(cancellation);
            if (reply.Reply.Refused is not null)
                guests.TryRemove(number, out _);
            else
                Listen(guest, reply.Told.Single().Life);
            await SettleAsync(reply.Told, cancellation);
            return reply.Reply;
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            guests.TryRemove(number, out _);
            throw;
        }
    }

    /// <summary>Disconnects a party; nothing where it is not connected.</summary>
    public async ValueTask LeaveAsync(IRobotSession party, string reason)
    {
        foreach (var guest in guests.Values.Where(guest => guest.Party == party))
            await LeaveAsync(guest, reason);
    }

    /// <summary>Waits until the parties were told what an answer presupposes.</summary>
    public async Task SettleAsync(ImmutableArray<Told> told, CancellationToken cancellation)
    {
        foreach (var one in told)
        {
            if (Find(one.Robot, one.Life) is { } listener)
                await listener.ReachAsync(one.Number).UntilAsync(cancellation);
        }
    }

    /// <summary>Tells every party that it is disconnected; the robots find out by the silence.</summary>
    public async ValueTask DisposeAsync()
    {
        Listener[] all;
        lock (sync)
        {
            isClosed = true;
            all = [.. listeners.Values];
        }

        foreach (var guest in guests.Values)
            Expel(guest, $"robot {guest.Robot} is out of sight: this silo ends");
        await Task.WhenAll([.. all.Select(listener => listener.Ended), .. leavings]);
    }

    private async Task LeaveAsync(UnboundSlave guest, string reason)
    {
        if (!guests.TryRemove(guest.Number, out _))
            return;
        try
        {
            var reply = await grains.GetGrain<IRobotGrain>(guest.Robot).LeaveAsync(Id, guest.Number, reason);
            await SettleAsync(reply.Told, CancellationToken.None);
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            LogNotLeft(fault, guest.Robot, guest.Party.Name); // Wherever the robot begins again, it knows of no party.
        }
    }

    private void Listen(UnboundSlave guest, long life)
    {
        lock (sync)
        {
            guest.Life = life;
            if (isClosed)
                Expel(guest, "this silo ends");
            else if (!listeners.ContainsKey((guest.Robot, life)))
                listeners[(guest.Robot, life)] = new Listener(this, guest.Robot, life);
        }
    }

    private Listener? Find(string robot, long life)
    {
        lock (sync)
            return listeners.GetValueOrDefault((robot, life));
    }

    /// <summary>Ends a listener that has nobody to listen for; one that is entering meanwhile makes another.</summary>
    private bool TryRetire(string robot, long life, bool lost)
    {
        UnboundSlave[] here;
        lock (sync)
        {
            here = [.. guests.Values.Where(guest => guest.Robot == robot && guest.Life == life)];
            if (here.Length > 0 && !lost && !isClosed)
                return false;
            listeners.Remove((robot, life));
        }

        foreach (var guest in here)
            Expel(guest, $"robot {robot} was lost from sight");
        return true;
    }

    private void Tell(Telling telling)
    {
        if (!guests.TryGetValue(telling.Party, out var guest))
            return;
        try
        {
            if (telling.Note is { } note)
                guest.Party.OnEvent(note);
            else if (telling.Gone is { } reason)
                Expel(guest, reason);
            else
                guest.Party.OnCommand(telling.Stamp, telling.Positions.AsSpan());
        }
        catch (Exception fault)
        {
            LogPartyFault(fault, guest.Robot, guest.Party.Name);
            var leaving = LeaveAsync(guest, "failed"); // Not awaited here: it waits for tellings that come after this one.
            Say(guest, $"{guest.Party.Name} failed and was disconnected from {guest.Robot}");
            lock (sync)
                leavings = [.. leavings.RemoveAll(left => left.IsCompleted), leaving];
        }
    }

    private void Expel(UnboundSlave guest, string reason)
    {
        if (guests.TryRemove(guest.Number, out _))
            Say(guest, reason);
    }

    private void Say(UnboundSlave guest, string reason)
    {
        try
        {
            guest.Party.OnGone(reason);
        }
        catch (Exception fault)
        {
            LogPartyFault(fault, guest.Robot, guest.Party.Name);
        }
    }

    private sealed class UnboundSlave(long number, string robot, IRobotSession party)
    {
        public long Number => number;

        public string Robot => robot;

        public IRobotSession Party => party;

        public long? Life { get; set; }
    }
}

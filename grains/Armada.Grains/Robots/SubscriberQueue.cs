using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Grains.Robots;

/// <summary>
/// What one process's sessions at one robot are to be told, in order, one batch under way at a time. Events are kept; of the commands to
/// a session only the newest is. A process that does not take a batch in time, or falls too far behind, is lost.
/// </summary>
/// <param name="observer">The process.</param>
/// <param name="time">Clock.</param>
/// <param name="onLost">Called, from any thread, with why a batch could not be delivered.</param>
internal sealed class SubscriberQueue(IRobotObserver observer, TimeProvider time, Action<Exception> onLost)
{
    /// <summary>Longest that a process may take for one batch, or let pass before it renews its subscription.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(5);

    private const int MaxQueued = 10_000;

    private readonly Lock sync = new();
    private readonly Dictionary<long, Session> sessions = [];
    private readonly List<RobotNotification> queued = [];
    private readonly PriorityQueue<TaskCompletionSource, long> waiting = new();
    private long renewedAt = time.GetTimestamp();
    private long enqueued;
    private long delivered;
    private bool isDelivering;
    private volatile bool isClosed;

    /// <summary>The process.</summary>
    public IRobotObserver Observer => observer;

    /// <summary>Whether the process took no batch in time, or did not renew its subscription.</summary>
    public bool IsLost => isClosed || time.GetElapsedTime(Volatile.Read(ref renewedAt)) > LostAfter;

    /// <summary>Adds a session of the process.</summary>
    public IRobotSession Add(long number, string name)
    {
        lock (sync)
            return sessions[number] = new Session(this, number, name);
    }

    /// <summary>Removes a session and gives it, or null; what it was to be told is dropped.</summary>
    public IRobotSession? Remove(long number)
    {
        lock (sync)
        {
            queued.RemoveAll(notification => notification.Session == number);
            return sessions.Remove(number, out var session) ? session : null;
        }
    }

    /// <summary>The process is there; gives those of its sessions that are not connected here.</summary>
    public ImmutableArray<long> Renew(ImmutableArray<long> numbers)
    {
        Volatile.Write(ref renewedAt, time.GetTimestamp());
        lock (sync)
            return [.. numbers.Where(number => !sessions.ContainsKey(number))];
    }

    /// <summary>Removes and gives the sessions that the process does not list although they are no newer than its list.</summary>
    public IReadOnlyCollection<IRobotSession> RemoveOthers(ImmutableArray<long> numbers, long last)
    {
        long[] others;
        lock (sync)
            others = [.. sessions.Keys.Where(number => number <= last && !numbers.Contains(number))];
        return [.. others.Select(Remove).OfType<IRobotSession>()];
    }

    /// <summary>Waits until everything that is queued now was delivered, or the process is lost.</summary>
    public Task WaitForDelivery()
    {
        lock (sync)
        {
            if (isClosed || delivered == enqueued)
                return Task.CompletedTask;
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue(waiter, enqueued);
            return waiter.Task;
        }
    }

    /// <summary>Tells every session that it is disconnected.</summary>
    public void DisconnectAll(string reason)
    {
        Session[] all;
        lock (sync)
            all = [.. sessions.Values];
        foreach (var session in all)
            session.OnGone(reason);
    }

    /// <summary>Ends the queue; gives the sessions that it had.</summary>
    public IReadOnlyCollection<IRobotSession> Close()
    {
        lock (sync)
        {
            isClosed = true;
            queued.Clear();
            while (waiting.TryDequeue(out var waiter, out _))
                waiter.TrySetResult();
            return [.. sessions.Values];
        }
    }

    private void Enqueue(RobotNotification notification)
    {
        lock (sync)
        {
            if (isClosed || !sessions.ContainsKey(notification.Session))
                return;
            if (!notification.Positions.IsDefault)
                queued.RemoveAll(older => older.Session == notification.Session && !older.Positions.IsDefault);
            if (notification.Disconnected is not null)
                sessions.Remove(notification.Session);
            queued.Add(notification);
            enqueued++;
            if (isDelivering)
                return;
            isDelivering = true;
        }

        Task.Run(DeliverAsync);
    }

    private async Task DeliverAsync()
    {
        while (true)
        {
            ImmutableArray<RobotNotification> batch;
            long last;
            lock (sync)
            {
                (batch, last) = ([.. queued], enqueued);
                queued.Clear();
                Complete(batch.IsEmpty ? last : delivered);
                if (isClosed || batch.IsEmpty)
                {
                    isDelivering = false;
                    return;
                }
            }

            try
            {
                if (batch.Length > MaxQueued)
                    throw new InvalidOperationException($"{batch.Length} notifications were waiting");
                await observer.NotifyAsync(batch).WaitAsync(LostAfter, time);
            }
            catch (Exception lost)
            {
                Close();
                onLost(lost);
                return;
            }

            lock (sync)
                Complete(last);
        }
    }

    private void Complete(long number)
    {
        delivered = number;
        while (waiting.TryPeek(out var waiter, out var wanted) && wanted <= number)
        {
            waiting.Dequeue();
            waiter.TrySetResult();
        }
    }

    private sealed class Session(SubscriberQueue queue, long number, string name) : IRobotSession
    {
        public string Name => name;

        public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) =>
            queue.Enqueue(new RobotNotification(number, Stamp: stamp, Positions: positions.ToImmutableArray()));

        public void OnEvent(RobotEvent note) => queue.Enqueue(new RobotNotification(number, note));

        public void OnGone(string reason) => queue.Enqueue(new RobotNotification(number, Disconnected: reason));
    }
}

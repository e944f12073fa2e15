using Armada.Grains.Robots;

namespace Armada.Silo.Cluster;

internal sealed partial class Door
{
    /// <summary>Asks one robot's grain, again and again, what this door's parties are to be told.</summary>
    private sealed class Listener
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
        private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(10); // By then a robot whose silo was lost has begun elsewhere.

        private readonly Door door;
        private readonly string robot;
        private readonly long life;
        private readonly Lock sync = new();
        private readonly PriorityQueue<TaskCompletionSource, long> waiting = new();
        private long reached;
        private bool hasEnded;

        public Listener(Door door, string robot, long life)
        {
            (this.door, this.robot, this.life) = (door, robot, life);
            Ended = Task.Run(RunAsync);
        }

        /// <summary>The end of it.</summary>
        public Task Ended { get; }

        /// <summary>Waits until everything up to a number was told, or nothing more will be.</summary>
        public Task ReachAsync(long number)
        {
            lock (sync)
            {
                if (hasEnded || number <= reached)
                    return Task.CompletedTask;
                var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting.Enqueue(waiter, number);
                return waiter.Task;
            }
        }

        private async Task RunAsync()
        {
            var grain = door.grains.GetGrain<IRobotGrain>(robot);
            var heard = door.time.GetTimestamp();
            var isLost = false;
            while (!door.TryRetire(robot, life, isLost))
            {
                try
                {
                    var tellings = await grain.ListenAsync(door.Id, life, reached);
                    heard = door.time.GetTimestamp();
                    isLost = !tellings.IsKnown;
                    Tell(tellings);
                }
                catch (Exception fault) when (TransientErrors.Is(fault))
                {
                    isLost = door.time.GetElapsedTime(heard) > LostAfter;
                    door.LogUnheard(fault, robot);
                    await Task.Delay(Pause, door.time);
                }
            }

            Settle(long.MaxValue);
        }

        private void Tell(Tellings tellings)
        {
            foreach (var telling in tellings.New)
            {
                if (telling.Number > reached) // An answer that was lost on the way comes again.
                    door.Tell(telling);
            }

            if (tellings.IsKnown)
                Settle(Math.Max(reached, tellings.UpTo));
        }

        private void Settle(long number)
        {
            lock (sync)
            {
                hasEnded = number == long.MaxValue;
                reached = number;
                while (waiting.TryPeek(out var waiter, out var wanted) && wanted <= number)
                {
                    waiting.Dequeue();
                    waiter.TrySetResult();
                }
            }
        }
    }
}

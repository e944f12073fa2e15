using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Armada.Bench.Network;

/// <summary>
/// The network between an agent and the silo: two TUN devices, and a thread that carries each packet from one to the other when its
/// time has come, or loses it. What the profile says of chance follows the seed: the n-th packet of a direction always has the same fate.
/// </summary>
internal sealed unsafe partial class HopLink : IDisposable
{
    private const int MaxPacket = 2048;
    private const short PollIn = 1;
    private const int SetTimerSlack = 29;

    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(100);

    private readonly NetworkProfile profile;
    private readonly long begin = Stopwatch.GetTimestamp();
    private readonly double stallPhase;
    private readonly Direction down;
    private readonly Direction up;
    private readonly Thread thread;
    private volatile bool isEnding;

    /// <param name="name">Of the interfaces: name-s at the silo, name-a at the agent.</param>
    /// <param name="stallPhase">Seconds by which its stalls are later.</param>
    /// <param name="arrived">Hears each packet that reached the agent, with the time; on the link's thread.</param>
    public HopLink(string name, NetworkProfile profile, int seed, double stallPhase, Action<ReadOnlySpan<byte>, long>? arrived)
    {
        (this.profile, this.stallPhase) = (profile, stallPhase);
        Near = new TunDevice($"{name}-s");
        Far = new TunDevice($"{name}-a");
        down = new Direction(Near, Far, new Random(2 * seed), arrived);
        up = new Direction(Far, Near, new Random((2 * seed) + 1), null);
        thread = new Thread(Carry) { IsBackground = true, Name = name };
    }

    /// <summary>The interface at the silo.</summary>
    public TunDevice Near { get; }

    /// <summary>The interface at the agent.</summary>
    public TunDevice Far { get; }

    /// <summary>Packets that passed, and packets lost.</summary>
    public (long Passed, long Lost) Counts => (down.Passed + up.Passed, down.Lost + up.Lost);

    /// <summary>The times of packets lost on their way to the agent, as <see cref="Stopwatch.GetTimestamp"/>; read after disposal.</summary>
    public IReadOnlyList<long> LossesDown => down.Losses;

    public IReadOnlyList<long> LossesUp => up.Losses;

    public void Start() => thread.Start();

    public void Dispose()
    {
        isEnding = true;
        if (thread.IsAlive)
            thread.Join();
        Near.Dispose();
        Far.Dispose();
    }

    private void Carry()
    {
        _ = ThreadControl(SetTimerSlack, 1, 0, 0, 0);
        var entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { Descriptor = Near.Descriptor, Events = PollIn };
        entries[1] = new PollEntry { Descriptor = Far.Descriptor, Events = PollIn };
        while (!isEnding)
        {
            var next = Math.Min(down.NextDue, up.NextDue);
            var left = next == long.MaxValue ? Idle : Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next);
            var wait = TimeSpec.Of(left < TimeSpan.Zero ? TimeSpan.Zero : left > Idle ? Idle : left);
            _ = Poll(entries, 2, &wait, null);
            Take(down);
            Take(up);
            down.Deliver();
            up.Deliver();
        }
    }

    private void Take(Direction direction)
    {
        while (direction.TryRead() is { } packet)
        {
            var now = Stopwatch.GetTimestamp();
            var isLost = direction.Random.NextDouble() * 100 < profile.LossPercent;
            var delay = (profile.RoundTripMs + (profile.JitterMs * ((2 * direction.Random.NextDouble()) - 1))) / 2;
            if (isLost)
                direction.Lose(packet, now);
            else
                direction.Queue(packet, AfterStall(now + (long)(delay * Stopwatch.Frequency / 1000)));
        }
    }

    private long AfterStall(long due)
    {
        if (profile.StallMs == 0)
            return due;
        var since = Stopwatch.GetElapsedTime(begin, due).TotalSeconds - stallPhase;
        var within = since - (Math.Floor(since / profile.StallEverySeconds) * profile.StallEverySeconds);
        var left = (profile.StallMs / 1000) - within;
        return left > 0 ? due + (long)(left * Stopwatch.Frequency) : due;
    }

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Poll(PollEntry* entries, nuint count, TimeSpec* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ThreadControl(int option, nuint value, nuint a, nuint b, nuint c);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;

        public static TimeSpec Of(TimeSpan time) =>
            new() { Seconds = (nint)(time.Ticks / TimeSpan.TicksPerSecond), Nanoseconds = (nint)(time.Ticks % TimeSpan.TicksPerSecond * 100) };
    }

    private sealed class Direction(TunDevice from, TunDevice to, Random random, Action<ReadOnlySpan<byte>, long>? arrived)
    {
        private readonly Queue<(long Due, byte[] Bytes, int Length)> waiting = new();
        private readonly Stack<byte[]> free = new();
        private int length;
        private long last;

        public Random Random => random;

        public long Passed { get; private set; }

        public long Lost { get; private set; }

        public List<long> Losses { get; } = [];

        public long NextDue => waiting.TryPeek(out var next) ? next.Due : long.MaxValue;

        /// <summary>The next IPv4 packet; others, such as router solicitations, are dropped.</summary>
        public byte[]? TryRead()
        {
            var packet = free.TryPop(out var used) ? used : new byte[MaxPacket];
            while ((length = from.Read(packet)) > 0)
            {
                if (packet[0] >> 4 == 4)
                    return packet;
            }

            free.Push(packet);
            return null;
        }

        public void Lose(byte[] packet, long now)
        {
            free.Push(packet);
            Losses.Add(now);
            Lost++;
        }

        public void Queue(byte[] packet, long due)
        {
            last = Math.Max(last, due);
            waiting.Enqueue((last, packet, length));
        }

        public void Deliver()
        {
            while (waiting.TryPeek(out var next) && next.Due <= Stopwatch.GetTimestamp())
            {
                waiting.Dequeue();
                var packet = next.Bytes.AsSpan(0, next.Length);
                to.Write(packet);
                arrived?.Invoke(packet, Stopwatch.GetTimestamp());
                free.Push(next.Bytes);
                Passed++;
            }
        }
    }
}

using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Armada.Core.Frames;
using Armada.Grains.Devices;
using Armada.Silo.Engine;

namespace Armada.Silo.Mqtt;

/// <summary>
/// The way to one other process. Samples go in one-way calls, several devices' in one; while too many calls are under way, the samples
/// of each topic wait, frames in one message and of others the newest. Control messages go in order, one call at a time. Members return at once and may be called from any thread.
/// </summary>
/// <param name="peer">The other process.</param>
/// <param name="self">This one.</param>
/// <param name="onLost">Called, once and from any thread, with why the process takes nothing any more; nothing is sent from then on.</param>
/// <param name="take">The one-way call that takes samples.</param>
internal sealed class PeerChannel(
    IDevicePeer peer, IDevicePeer self, Action<PeerChannel, Exception> onLost, Func<ImmutableArray<DeviceMessage>, Task> take)
{
    /// <summary>Calls with samples that may be under way.</summary>
    public const int MaxUnderWay = 32;

    private const int SynchronizeAfter = 8; // Calls.
    private const int MaxControl = 1000;

    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(2);

    private readonly Lock sync = new();
    private readonly Dictionary<TopicRoute, DeviceMessage> waiting = [];
    private readonly List<DeviceMessage> control = [];
    private int underWay;
    private bool isSynchronizing;
    private bool isDelivering;
    private bool isLost;
    private long superseded;
    private Task synchronization = Task.CompletedTask;
    private Task delivery = Task.CompletedTask;

    public IDevicePeer Peer => peer;

    /// <summary>Samples that a newer one replaced while they waited.</summary>
    public long Superseded
    {
        get
        {
            lock (sync)
                return superseded;
        }
    }

    /// <summary>Sends a sample, or leaves it for the next call.</summary>
    public void Send(TopicRoute route, ReadOnlySpan<byte> payload, bool isFromDevice)
    {
        var message = new DeviceMessage(route.Topic, [.. payload], isFromDevice);
        lock (sync)
        {
            if (underWay < MaxUnderWay)
            {
                Send([message]);
                return;
            }

            ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(waiting, route, out var isWaiting);
            if (isWaiting && FrameCodec.MayJoin(last!.Payload.AsSpan(), payload))
            {
                last = last with { Payload = last.Payload.AddRange(message.Payload) };
                return;
            }

            last = message;
            if (isWaiting)
                superseded++;
        }
    }

    /// <summary>Queues a control message; false where the process is lost, or takes too little.</summary>
    public bool Enqueue(string topic, ReadOnlySpan<byte> payload, bool isFromDevice)
    {
        lock (sync)
        {
            if (isLost || control.Count == MaxControl)
                return false;
            control.Add(new DeviceMessage(topic, [.. payload], isFromDevice));
            if (!isDelivering)
                delivery = Task.Run(DeliverAsync);
            isDelivering = true;
            return true;
        }
    }

    private void Send(ImmutableArray<DeviceMessage> samples)
    {
        if (isLost)
            return;
        underWay++;
        try
        {
            take(samples).Ignore(); // One-way: it has ended.
            if (underWay >= SynchronizeAfter && !isSynchronizing)
                synchronization = Task.Run(SynchronizeAsync);
            isSynchronizing |= underWay >= SynchronizeAfter;
        }
        catch (Exception lost)
        {
            Lose(lost);
        }
    }

    private void Lose(Exception lost)
    {
        lock (sync)
        {
            if (isLost)
                return;
            isLost = true;
            waiting.Clear();
            control.Clear();
        }

        onLost(this, lost);
    }

    private async Task SynchronizeAsync()
    {
        try
        {
            while (true)
            {
                int sent;
                lock (sync)
                    sent = underWay;
                await peer.SynchronizeAsync().Within(LostAfter, CancellationToken.None);
                lock (sync)
                {
                    underWay -= sent;
                    if (waiting.Count > 0)
                        Send([.. waiting.Values]);
                    waiting.Clear();
                    isSynchronizing = underWay >= SynchronizeAfter;
                    if (!isSynchronizing)
                        return;
                }
            }
        }
        catch (Exception lost)
        {
            Lose(lost);
        }
    }

    private async Task DeliverAsync()
    {
        try
        {
            while (true)
            {
                ImmutableArray<DeviceMessage> batch;
                lock (sync)
                {
                    batch = [.. control];
                    control.Clear();
                    isDelivering = !batch.IsEmpty;
                    if (!isDelivering)
                        return;
                }

                await peer.TakeControlAsync(self, batch).Within(LostAfter, CancellationToken.None);
            }
        }
        catch (Exception lost)
        {
            Lose(lost);
        }
    }
}

using Armada.Grains.Devices;
using Armada.Mqtt;

namespace Armada.Silo.Mqtt;

/// <summary>Taps at other processes on devices that are connected here. Each ends when it was not asked for again in time.</summary>
internal sealed class RemoteTaps(TopicTable table, TopicAccess access, TimeProvider time)
{
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(6);

    private readonly Lock sync = new();
    private readonly Dictionary<(string Device, IDevicePeer Viewer), RemoteTap> taps = [];

    /// <summary>Shows another process what a device says and is told, for a few seconds from now.</summary>
    public void Show(string device, IDevicePeer viewer, IDevicePeer self)
    {
        lock (sync)
        {
            if (!taps.TryGetValue((device, viewer), out var tap))
                taps[(device, viewer)] = tap = new RemoteTap([.. access.TopicsOf(device).Select(table.Of)], new PeerChannel(viewer, self, (_, _) => End(device, viewer), viewer.TakeTappedAsync));
            tap.AskedAt = time.GetTimestamp();
        }
    }

    /// <summary>Ends those that were not asked for again.</summary>
    public void EndLost()
    {
        lock (sync)
        {
            foreach (var (device, viewer) in taps.Where(tap => time.GetElapsedTime(tap.Value.AskedAt) > LostAfter).Select(tap => tap.Key).ToArray())
                End(device, viewer);
        }
    }

    private void End(string device, IDevicePeer viewer)
    {
        lock (sync)
        {
            if (taps.Remove((device, viewer), out var tap))
                tap.Dispose();
        }
    }

    private sealed class RemoteTap : IDisposable
    {
        private readonly List<Action> leave = [];

        public RemoteTap(TopicRoute[] routes, PeerChannel channel)
        {
            foreach (var route in routes)
            {
                MessageHandler show = (_, payload) => channel.Send(route, payload, isFromDevice: true);
                route.Tapped += show;
                leave.Add(() => route.Tapped -= show);
            }
        }

        public long AskedAt { get; set; }

        public void Dispose() => leave.ForEach(static leave => leave());
    }
}

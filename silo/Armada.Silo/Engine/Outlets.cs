using Armada.Domain.Robots;
using Armada.Domain.Routing;
using Armada.Messaging.Link;
using Armada.Wire.Frames;
using Armada.Wire.Topics;

namespace Armada.Silo.Engine;

/// <summary>Makes the way to each kind of slave.</summary>
internal sealed class Outlets(IMqttLink link, TopicMap topics)
{
    /// <summary>The way to a slave.</summary>
    /// <param name="slave">The slave.</param>
    /// <param name="party">The connected party of that name, or null.</param>
    public ISlaveOutlet Of(SlaveBinding slave, ConnectedParty? party) => slave.Kind switch
    {
        SlaveKind.Device => new FrameOutlet(link, topics.Of(slave.Name, Channel.Command)),
        _ when party is not null => party,
        _ => Nowhere.Instance,
    };

    /// <summary>A command frame on a device's topic.</summary>
    private sealed class FrameOutlet(IMqttLink link, string topic) : ISlaveOutlet
    {
        public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions)
        {
            Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
            var header = new FrameHeader(
                FrameKind.Command, FrameFlags.None, positions.Length, stamp.Sequence, stamp.CapturedAt, stamp.Epoch, stamp.TimeToLiveMs);
            var length = FrameCodec.Write(frame, header, positions);
            link.Publish(topic, frame[..length], Delivery.Sample);
        }
    }

    /// <summary>A slave whose party is not connected; the core does not command it.</summary>
    private sealed class Nowhere : ISlaveOutlet
    {
        public static Nowhere Instance { get; } = new();

        public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions)
        {
        }
    }
}

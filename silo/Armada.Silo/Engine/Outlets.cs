using Armada.Domain.Robots;
using Armada.Domain.Routing;
using Armada.Messaging.Link;
using Armada.Silo.MicroPython;
using Armada.Wire.Frames;
using Armada.Wire.MicroPython;
using Armada.Wire.Topics;

namespace Armada.Silo.Engine;

/// <summary>Makes the way to each kind of slave.</summary>
internal sealed class Outlets(IMqttLink link, TopicMap topics, MicroPythonTopics microPython, SiloClock clock)
{
    /// <summary>The way to a slave.</summary>
    /// <param name="slave">The slave.</param>
    /// <param name="model">The robot's joints.</param>
    /// <param name="party">The connected party of that name, or null.</param>
    public ISlaveOutlet Of(SlaveBinding slave, RobotModel model, ConnectedParty? party) => slave.Kind switch
    {
        SlaveKind.Device => new FrameOutlet(link, topics.Of(slave.Name, Channel.Command)),
        SlaveKind.MicroPython => new MicroPythonOutlet(link, clock, microPython.Of(slave.Name), slave.Name, GripperUnit.IsPercent(model)),
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

using Armada.Core.Frames;
using Armada.Core.MicroPython;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.MicroPython;

namespace Armada.Silo.Engine;

/// <summary>Makes the way to each kind of slave.</summary>
internal sealed class SlaveSinks(IMqttLink link, TopicMap topics, MicroPythonTopics microPython, SiloClock clock)
{
    /// <summary>The way to a slave.</summary>
    /// <param name="slave">The slave.</param>
    /// <param name="model">The robot's joints.</param>
    /// <param name="party">The connected party of that name, or null.</param>
    public ISlaveSink Of(SlaveBinding slave, RobotModel model, ConnectedSession? party) => slave.Kind switch
    {
        SlaveKind.Device => new FrameSink(link, topics.Of(slave.Name, Channel.Command)),
        SlaveKind.MicroPython => new MicroPythonSink(link, clock, microPython.Of(slave.Name), slave.Name, GripperUnit.IsPercent(model)),
        _ when party is not null => party,
        _ => NullSink.Instance,
    };

    /// <summary>A command frame on a device's topic.</summary>
    private sealed class FrameSink(IMqttLink link, string topic) : ISlaveSink
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
    private sealed class NullSink : ISlaveSink
    {
        public static NullSink Instance { get; } = new();

        public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions)
        {
        }
    }
}

using Armada.Core.Frames;
using Armada.Core.MicroPython;
using Armada.Core.Routing;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.MicroPython;

namespace Armada.Silo.Engine;

/// <summary>Sinks of the slaves that are reached over MQTT.</summary>
internal sealed class SlaveSinks(IMqttLink link, TopicMap topics, MicroPythonTopics microPython, SiloClock clock) : ISlaveSinks
{
    public ISlaveSink? Find(SlaveBinding slave, RobotModel model) => slave.Kind switch
    {
        SlaveKind.Device => new FrameSink(link, topics.Of(slave.Name, Channel.Command)),
        SlaveKind.MicroPython => new MicroPythonSink(link, clock, microPython.Of(slave.Name), slave.Name, GripperUnit.IsPercent(model)),
        _ => null,
    };

    private sealed class FrameSink(IMqttLink link, string topic) : ISlaveSink
    {
        public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions)
        {
            Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
            var flags = (stamp.Approach ? FrameFlags.Approach : FrameFlags.None) | (stamp.KeepAlive ? FrameFlags.KeepAlive : FrameFlags.None);
            var header = new FrameHeader(FrameKind.Command, flags, positions.Length, stamp.Sequence, stamp.CapturedAt, stamp.Epoch, stamp.TimeToLiveMs);
            var length = FrameCodec.Write(frame, header, positions);
            link.Publish(topic, frame[..length], Delivery.Sample);
        }
    }
}

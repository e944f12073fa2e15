using Armada.Core.Frames;
using Armada.Core.MicroPython;
using Armada.Core.Routing;
using Armada.Core.Time;
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

    /// <summary>Commands that one message of the master became go in one message.</summary>
    private sealed class FrameSink(IMqttLink link, string topic) : ISlaveSink
    {
        private const int MaxFrames = 16;

        private readonly byte[] frames = new byte[MaxFrames * FrameCodec.MaxSize];
        private int length;

        public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions, bool hasMore)
        {
            var flags = (stamp.Approach ? FrameFlags.Approach : FrameFlags.None) | (stamp.KeepAlive ? FrameFlags.KeepAlive : FrameFlags.None);
            var header = new FrameHeader(FrameKind.Command, flags, positions.Length, stamp.Sequence, stamp.CapturedAt, stamp.Epoch, stamp.TimeToLiveMs);
            length += FrameCodec.Write(frames.AsSpan(length), header, positions);
            if (!hasMore || frames.Length - length < FrameCodec.MaxSize)
                Publish();
        }

        // The one behind which these waited was refused.
        public void Tick(in Timestamp now, bool isLed)
        {
            if (isLed && length > 0)
                Publish();
            length = 0;
        }

        private void Publish()
        {
            link.Publish(topic, frames.AsSpan(0, length), Delivery.Sample);
            length = 0;
        }
    }
}

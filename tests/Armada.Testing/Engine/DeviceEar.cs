using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Topics;

namespace Armada.Testing.Engine;

/// <summary>Reads what a silo publishes as its devices would, and the frames that they would send.</summary>
public static class DeviceEar
{
    private static readonly TopicMap Topics = new();

    /// <summary>Takes one message.</summary>
    public static void Hear(this HeardByDevices devices, string topic, ReadOnlySpan<byte> payload)
    {
        if (!Topics.TryParse(Encoding.UTF8.GetBytes(topic), out var name, out var channel))
            return;
        var device = Encoding.UTF8.GetString(name);
        if (channel == Channel.Control && ControlJson.ReadMessage(payload) is { } message)
            devices.Add(new Order(device, KindOf(message.Op), message.Epoch ?? 0));
        else if (channel == Channel.Command && FrameCodec.TryRead(ref payload, out var frame, out _))
            devices.Add(Read(device, frame));
    }

    /// <summary>Writes a state frame; gives its length.</summary>
    public static int WriteState(Span<byte> frame, in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        var header = new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, positions.Length, stamp.Sequence, stamp.CapturedAt, stamp.Epoch, 0);
        return FrameCodec.Write(frame, header, positions);
    }

    private static Heard Read(string device, in FrameView frame)
    {
        var positions = new double[frame.Header.Joints];
        frame.CopyTo(positions);
        return new Heard(device, new SampleStamp(frame.Header.Epoch, frame.Header.Sequence, frame.Header.CapturedAt), positions);
    }

    private static OrderKind KindOf(ControlOp op) => op switch
    {
        ControlOp.StreamStart => OrderKind.StartStream,
        ControlOp.StreamStop => OrderKind.StopStream,
        ControlOp.Stop => OrderKind.Stop,
        ControlOp.Reset => OrderKind.Reset,
        _ => throw new ArgumentOutOfRangeException(nameof(op), op, "no order of the engine's"),
    };
}

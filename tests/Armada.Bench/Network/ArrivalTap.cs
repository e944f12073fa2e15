using System.Buffers.Binary;
using Armada.Bench.Load;
using Armada.Core.Frames;

namespace Armada.Bench.Network;

/// <summary>
/// Reads from the packets that reach a follower's agent when its sockets have each command: TCP's bytes in order, MQTT 5 in them, frames
/// in that. A packet before which one is missing counts from when the missing one comes. On the link's thread.
/// </summary>
internal sealed class ArrivalTap
{
    private const byte Tcp = 6;
    private const byte Syn = 2;

    private readonly Dictionary<ushort, Connection> connections = [];

    /// <summary>Every command in the order of arrival, copies of a second connection included.</summary>
    public List<ArrivedFrame> Arrivals { get; } = [];

    public void Take(ReadOnlySpan<byte> packet, long timestamp)
    {
        var ipHeader = (packet[0] & 0x0F) * 4;
        if (packet[9] != Tcp)
            return;
        var segment = packet[ipHeader..BinaryPrimitives.ReadUInt16BigEndian(packet[2..])];
        var port = BinaryPrimitives.ReadUInt16BigEndian(segment[2..]);
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(segment[4..]);
        if ((segment[13] & Syn) != 0)
            connections[port] = new Connection(sequence + 1, Arrivals);
        else if (connections.TryGetValue(port, out var connection))
            connection.Take(sequence, segment[((segment[12] >> 4) * 4)..], timestamp);
    }

    private sealed class Connection(uint next, List<ArrivedFrame> arrivals)
    {
        private readonly List<(uint Sequence, byte[] Bytes)> early = [];
        private readonly List<byte> bytes = [];

        public void Take(uint sequence, ReadOnlySpan<byte> data, long timestamp)
        {
            if (data.IsEmpty)
                return;
            if ((int)(sequence - next) > 0)
            {
                early.Add((sequence, data.ToArray()));
                return;
            }

            Append(sequence, data);
            for (var found = true; found;)
            {
                var index = early.FindIndex(segment => (int)(segment.Sequence - next) <= 0);
                found = index >= 0;
                if (found)
                {
                    Append(early[index].Sequence, early[index].Bytes);
                    early.RemoveAt(index);
                }
            }

            Parse(timestamp);
        }

        private void Append(uint sequence, ReadOnlySpan<byte> data)
        {
            var known = (int)(next - sequence);
            if (known >= data.Length)
                return;
            bytes.AddRange(data[known..]);
            next += (uint)(data.Length - known);
        }

        private void Parse(long timestamp)
        {
            ReadOnlySpan<byte> rest = bytes.ToArray();
            while (MqttBytes.TryTake(ref rest, out var header, out var body))
            {
                if (header >> 4 != MqttBytes.Publish >> 4)
                    continue;
                var payload = MqttBytes.PayloadOf(header, body, out var topic, out _);
                if (topic.EndsWith("/cmd"u8))
                    Read(payload[(1 + payload[0])..], timestamp); // Over the properties, of which there are less than 128 bytes.
            }

            bytes.RemoveRange(0, bytes.Count - rest.Length);
        }

        private void Read(ReadOnlySpan<byte> frames, long timestamp)
        {
            while (FrameCodec.TryRead(ref frames, out var frame, out _))
            {
                var pose = new double[frame.Header.Joints];
                for (var joint = 0; joint < pose.Length; joint++)
                    pose[joint] = FrameCodec.ToUnits(frame[joint]);
                arrivals.Add(new ArrivedFrame(timestamp, frame.Header, pose));
            }
        }
    }
}

/// <summary>A command when the follower's agent could read it.</summary>
/// <param name="Timestamp">When, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
internal sealed record ArrivedFrame(long Timestamp, FrameHeader Header, double[] Pose);

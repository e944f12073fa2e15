using Armada.Core.Frames;
using Armada.Mqtt;

namespace Armada.Tests.Link;

/// <summary>What waits while the socket is full.</summary>
public sealed class OutboxTests
{
    private readonly Outbox outbox = new(controlBacklog: 1);
    private readonly byte[] frame = new byte[FrameCodec.MaxSize];

    public OutboxTests() => outbox.Open(receiveMaximum: 10, maxPacket: 64 * 1024, isSocketFull: () => true);

    [Fact]
    public void Frames_of_a_topic_wait_in_one_message_until_they_are_too_many()
    {
        for (var sample = 0u; sample < 1000; sample++)
            Assert.True(outbox.EnqueueSample("state", frame.AsSpan(0, Write(sample)), retain: false));

        var sequences = Sent();
        Assert.Equal(Enumerable.Range((int)sequences[0], sequences.Count).Select(number => (uint)number), sequences);
        Assert.Equal(999u, sequences[^1]);
        Assert.InRange(sequences.Count, 2, 4096 / Write(0));
    }

    [Fact]
    public void Of_other_samples_the_newest_waits()
    {
        for (var number = 0; number < 10; number++)
            outbox.EnqueueSample("other", [(byte)'{', (byte)number], retain: false);

        OutgoingMessage? sample = null;
        Assert.True(outbox.TryTakeSample(ref sample), "nothing waits");
        Assert.Equal(9, sample.Payload.Span[1]);
        Assert.False(outbox.TryTakeSample(ref sample), "more than one waits");
        Assert.Equal(9, outbox.SamplesDropped);
    }

    private int Write(uint sequence) => FrameCodec.Write(frame, new FrameHeader(FrameKind.State, FrameFlags.None, 6, sequence, sequence, 1, 0), new double[6]);

    private List<uint> Sent()
    {
        OutgoingMessage? sample = null;
        Assert.True(outbox.TryTakeSample(ref sample), "nothing waits");
        var sequences = new List<uint>();
        ReadOnlySpan<byte> rest = sample.Payload.Span;
        while (FrameCodec.TryRead(ref rest, out var one, out _))
            sequences.Add(one.Header.Sequence);
        Assert.Equal(0, rest.Length);
        return sequences;
    }
}

using Armada.Core.Frames;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.Testing.Brokers;

namespace Armada.Tests.Agent.Devices;

public sealed class StatePublisherTests
{
    private readonly List<uint[]> messages = [];
    private uint sequence;
    private long now = 1_800_000_000_000_000;

    public StatePublisherTests() => Link.OnPublish = (topic, payload) =>
    {
        var message = new List<uint>();
        while (FrameCodec.TryRead(ref payload, out var frame, out _))
            message.Add(frame.Header.Sequence);
        messages.Add([.. message]);
    };

    private QuietLink Link { get; } = new();

    [Fact]
    public void Each_state_is_a_message_of_its_own()
    {
        Publish(new StatePublisher([Link], "state", LinkProfile.Lan), states: 3);

        Assert.Equal([[1], [2], [3]], messages);
    }

    [Theory]
    [InlineData(100, 5)]
    [InlineData(50, 3)]
    [InlineData(10, 1)]
    public void Of_a_profile_with_few_messages_those_of_a_twentieth_of_a_second_are_one(int hz, int each)
    {
        var publisher = new StatePublisher([Link], "state", LinkProfile.AwsIot);
        Publish(publisher, states: 1 + (5 * each), hz);

        Assert.Equal([1, each, each, each, each, each], messages.Select(message => message.Length));
        Assert.Equal(Enumerable.Range(1, 1 + (5 * each)).Select(number => (uint)number), messages.SelectMany(message => message));
        Assert.Equal(1 + (5 * each), publisher.Sent);
    }

    [Fact]
    public void That_it_rests_is_sent_at_once()
    {
        var publisher = new StatePublisher([Link, Link], "state", LinkProfile.AwsIot);
        Publish(publisher, states: 3);
        Publish(publisher, states: 1, flags: FrameFlags.KeepAlive);

        Assert.Equal([[1], [1], [2, 3, 4], [2, 3, 4]], messages); // By each of its paths.
        Assert.Equal((4, 4), (publisher.SentBy(0), publisher.SentBy(1)));
    }

    private void Publish(StatePublisher publisher, int states, int hz = 100, FrameFlags flags = FrameFlags.Moving)
    {
        for (var state = 0; state < states; state++)
        {
            publisher.Publish(new FrameHeader(FrameKind.State, flags, 6, ++sequence, now, 7, 0), new double[6], null);
            now += 1_000_000 / hz;
        }
    }
}

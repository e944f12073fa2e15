using System.Collections.Concurrent;
using System.Collections.Immutable;
using Armada.Core.Frames;
using Armada.Grains.Devices;
using Armada.Silo.Mqtt;
using Armada.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Silo.Mqtt;

/// <summary>What goes from one process to another: of samples what is not too much, of control messages all.</summary>
public sealed class PeerChannelTests
{
    private const int Topics = 3;

    private readonly HeldPeer peer = new();
    private readonly TopicRoute[] routes = [.. Enumerable.Range(0, Topics).Select(number => new TopicRoute($"armada/v1/arm-{number}/state"))];
    private readonly TaskCompletionSource<Exception> lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task While_the_other_process_takes_none_the_newest_sample_of_each_device_waits()
    {
        var channel = Channel();
        for (var sample = 0; sample < 100; sample++)
            channel.Send(routes[sample % 2], [(byte)sample], isFromDevice: true);
        Assert.Equal(PeerChannel.MaxUnderWay, peer.Calls.Count);

        peer.Open();

        await Eventually.Holds("the newest two come, in one call", () => peer.Calls.Count == PeerChannel.MaxUnderWay + 1);
        Assert.Equal([98, 99], (int[])[.. peer.Calls.Last().Select(sample => (int)sample.Payload[0]).Order()]);
        Assert.Equal(100 - PeerChannel.MaxUnderWay - 2, channel.Superseded);
    }

    [Fact]
    public async Task While_the_other_process_takes_none_frames_wait_in_one_message()
    {
        var channel = Channel();
        var frame = new byte[FrameCodec.MaxSize];
        for (var sample = 0; sample < PeerChannel.MaxUnderWay + 5; sample++)
        {
            var length = FrameCodec.Write(frame, new FrameHeader(FrameKind.State, FrameFlags.None, 6, (uint)sample, sample, 1, 0), new double[6]);
            channel.Send(routes[0], frame.AsSpan(0, length), isFromDevice: true);
        }

        peer.Open();

        await Eventually.Holds("those that waited come", () => peer.Calls.Count == PeerChannel.MaxUnderWay + 1);
        var payload = Assert.Single(peer.Calls.Last()).Payload.AsSpan();
        for (var sample = PeerChannel.MaxUnderWay; sample < PeerChannel.MaxUnderWay + 5; sample++)
        {
            Assert.True(FrameCodec.TryRead(ref payload, out var one, out _));
            Assert.Equal((uint)sample, one.Header.Sequence);
        }

        Assert.Equal((0, 0), (payload.Length, channel.Superseded));
    }

    [Fact]
    public void Whatever_the_pace_a_devices_samples_come_in_order_and_the_last_one_comes() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(),
        seed =>
        {
            var (random, other) = (new Random(seed), new HeldPeer());
            var channel = new PeerChannel(other, other, (_, fault) => lost.TrySetResult(fault), other.TakeSamplesAsync);
            var sent = new byte[Topics];
            for (var step = 0; step < 200; step++)
            {
                var topic = random.Next(Topics);
                channel.Send(routes[topic], [++sent[topic]], isFromDevice: true);
                if (random.Next(8) == 0)
                    other.Release();
            }

            other.Open();
            for (var topic = 0; topic < Topics; topic++)
            {
                var (name, last) = (routes[topic].Topic, sent[topic]);
                Eventually.Holds("the last sample comes", () => last == 0 || other.Of(name).LastOrDefault() == last).GetAwaiter().GetResult();
                Assert.Equal(other.Of(name).Distinct().Order(), other.Of(name));
            }

            Assert.True(other.MostUnderWay <= PeerChannel.MaxUnderWay);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Fact]
    public async Task Control_messages_all_come_in_order_one_call_at_a_time()
    {
        var channel = Channel();
        for (var message = 0; message < 200; message++)
        {
            Assert.True(channel.Enqueue("armada/v1/arm-0/ctl", [(byte)message], isFromDevice: false));
            if (message % 50 == 0)
                peer.Release();
        }

        peer.Open();

        await Eventually.Holds("all come", () => peer.Control.Count == 200);
        Assert.Equal(Enumerable.Range(0, 200), peer.Control.Select(message => (int)message.Payload[0]));
        Assert.Equal(1, peer.MostControlCalls);
    }

    [Fact]
    public async Task Of_a_process_that_takes_nothing_control_messages_are_refused_at_last_and_one_that_fails_is_lost()
    {
        var channel = Channel();
        var taken = 0;
        while (channel.Enqueue("armada/v1/arm-0/ctl", [1], isFromDevice: false))
            Assert.InRange(++taken, 1, 3000);

        peer.Fail();

        await Eventually.Happens("the process is lost", lost.Task);
        Assert.False(channel.Enqueue("armada/v1/arm-0/ctl", [1], isFromDevice: false));
    }

    private PeerChannel Channel() => new(peer, peer, (_, fault) => lost.TrySetResult(fault), peer.TakeSamplesAsync);

    /// <summary>A process that answers when it is told to.</summary>
    private sealed class HeldPeer : IDevicePeer
    {
        private readonly Lock sync = new();
        private TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool isOpen;
        private volatile bool isFailing;
        private int underWay;
        private int controlCalls;

        public ConcurrentQueue<ImmutableArray<DeviceMessage>> Calls { get; } = [];

        public ConcurrentQueue<DeviceMessage> Control { get; } = [];

        public int MostUnderWay { get; private set; }

        public int MostControlCalls { get; private set; }

        public byte[] Of(string topic) => [.. Calls.SelectMany(call => call).Where(sample => sample.Topic == topic).Select(sample => sample.Payload[0])];

        /// <summary>Answers what is asked now.</summary>
        public void Release()
        {
            TaskCompletionSource before;
            lock (sync)
            {
                before = held;
                held = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            before.TrySetResult();
        }

        /// <summary>Answers with a fault from now on.</summary>
        public void Fail()
        {
            isFailing = true;
            Open();
        }

        public void Open()
        {
            isOpen = true;
            Release();
        }

        public Task TakeSamplesAsync(ImmutableArray<DeviceMessage> samples)
        {
            lock (sync)
                MostUnderWay = Math.Max(MostUnderWay, ++underWay);
            Calls.Enqueue(samples);
            return Task.CompletedTask;
        }

        public async Task SynchronizeAsync()
        {
            int taken;
            lock (sync)
                taken = underWay;
            await HeldAsync();
            lock (sync)
                underWay -= taken;
        }

        public async Task TakeControlAsync(IDevicePeer from, ImmutableArray<DeviceMessage> messages)
        {
            MostControlCalls = Math.Max(MostControlCalls, Interlocked.Increment(ref controlCalls));
            await HeldAsync();
            foreach (var message in messages)
                Control.Enqueue(message);
            Interlocked.Decrement(ref controlCalls);
        }

        public Task ShowAsync(string device, IDevicePeer viewer) => throw new NotSupportedException();

        public Task TakeTappedAsync(ImmutableArray<DeviceMessage> messages) => throw new NotSupportedException();

        public Task SetRouteAsync(string device, DeviceRoute route) => Task.CompletedTask;

        public Task<bool> TryReplaceAsync(string device, string? instance) => Task.FromResult(true);

        private async Task HeldAsync()
        {
            Task answer;
            lock (sync)
                answer = isOpen ? Task.CompletedTask : held.Task;
            await answer;
            if (isFailing)
                throw new TimeoutException("it takes nothing");
        }
    }
}

using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

public sealed class GateTests
{
    [Fact]
    public void A_sequence_goes_forward_only()
    {
        var gate = new SequenceGate();

        Assert.Equal(FrameResult.Accepted, gate.Pass(7));
        Assert.Equal(FrameResult.Duplicate, gate.Pass(7));
        Assert.Equal(FrameResult.OutOfOrder, gate.Pass(6));
        Assert.Equal(FrameResult.Accepted, gate.Pass(8));
        Assert.Equal(0, gate.Lost);
    }

    [Fact]
    public void A_sequence_goes_forward_over_its_end()
    {
        var gate = new SequenceGate();

        Assert.Equal(FrameResult.Accepted, gate.Pass(uint.MaxValue));
        Assert.Equal(FrameResult.Accepted, gate.Pass(0));
        Assert.Equal(FrameResult.Duplicate, gate.Pass(uint.MaxValue));
        Assert.Equal(FrameResult.Accepted, gate.Pass(int.MaxValue));
        Assert.Equal(FrameResult.OutOfOrder, gate.Pass(uint.MaxValue));
    }

    [Fact]
    public void What_a_sequence_skips_is_counted_as_lost()
    {
        var gate = new SequenceGate();
        gate.Pass(uint.MaxValue - 1);
        gate.Pass(2);
        Assert.Equal(3, gate.Lost);

        gate.Reset();
        gate.Pass(100);
        Assert.Equal(3, gate.Lost);
    }

    [Fact]
    public void An_older_epoch_never_passes_and_a_newer_one_begins_a_new_sequence()
    {
        var gate = new EpochGate();

        Assert.Equal(FrameResult.Accepted, gate.Pass(new SampleStamp(5, 100, 0)));
        Assert.Equal(FrameResult.StaleEpoch, gate.Pass(new SampleStamp(4, 101, 0)));
        Assert.Equal(FrameResult.Duplicate, gate.Pass(new SampleStamp(5, 100, 0)));
        Assert.Equal(FrameResult.OutOfOrder, gate.Pass(new SampleStamp(5, 99, 0)));
        Assert.Equal(FrameResult.Accepted, gate.Pass(new SampleStamp(6, 1, 0)));
        Assert.False(gate.TryAdopt(5));
        Assert.True(gate.TryAdopt(6));
        Assert.Equal(FrameResult.Duplicate, gate.Pass(new SampleStamp(6, 1, 0)));
    }

    [Theory]
    [InlineData(0u, 1_735_689_600L, 1u)]
    [InlineData(0u, 1_735_689_700L, 100u)]
    [InlineData(500u, 1_735_689_700L, 501u)]
    [InlineData(500u, 0L, 501u)]
    [InlineData(500u, long.MaxValue / 1_000_000, uint.MaxValue)]
    public void An_epoch_is_one_more_but_at_least_the_seconds_since_2025(uint last, long unixSeconds, uint expected) =>
        Assert.Equal(expected, Epochs.Next(last, new Timestamp(0, unixSeconds * 1_000_000)));

    [Fact]
    public void No_epoch_follows_the_last_one() =>
        Assert.Throws<OverflowException>(() => Epochs.Next(uint.MaxValue, new Timestamp(0, 0)));
}

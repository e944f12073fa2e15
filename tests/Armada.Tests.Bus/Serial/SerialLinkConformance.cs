using System.Runtime.Versioning;
using Armada.Devices.Serial;

namespace Armada.Tests.Bus.Serial;

/// <summary>What every <see cref="ISerialPorts"/> does, on a pseudo-terminal.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class SerialLinkConformance : IDisposable
{
    protected const int Baud = 1_000_000;
    protected static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private protected Pty Pty { get; } = new();

    protected abstract ISerialPorts Ports { get; }

    public void Dispose()
    {
        Pty.Dispose();
        GC.SuppressFinalize(this);
    }

    protected ISerialLink Open() => Ports.Open(Pty.Port, Baud);

    [Fact]
    public void Every_byte_value_passes_unchanged_in_both_directions()
    {
        using var link = Open();
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        link.Write(all, default);
        Assert.Equal(all, Take(256, buffer => Pty.Receive(buffer)));
        Pty.Send(all);
        Assert.Equal(all, Take(256, buffer => link.Read(buffer, Long, default)));
    }

    [Fact]
    public void A_second_open_is_refused_as_busy_until_the_first_is_closed()
    {
        var first = Open();
        var error = Assert.Throws<SerialOpenException>(Open);
        Assert.Equal(SerialOpenFailure.Busy, error.Failure);
        first.Dispose();
        Open().Dispose();
    }

    [Fact]
    public async Task Cancellation_wakes_a_read_and_the_link_goes_on_with_another_token()
    {
        using var link = Open();
        using var cancel = new CancellationTokenSource();
        var read = Task.Factory.StartNew(() => link.Read(new byte[8], Long, cancel.Token), TaskCreationOptions.LongRunning);
        cancel.CancelAfter(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Long / 2));
        Assert.Throws<OperationCanceledException>(() => link.Write([1], cancel.Token));
        using var other = new CancellationTokenSource();
        Pty.Send(7);
        Assert.Equal(1, link.Read(new byte[8], Long, other.Token));
    }

    [Fact]
    public async Task A_pulled_cable_ends_a_read_that_waits_and_everything_after()
    {
        using var link = Open();
        var read = Task.Factory.StartNew(() => link.Read(new byte[8], Long, default), TaskCreationOptions.LongRunning);
        Pty.Dispose();
        var lost = await Assert.ThrowsAsync<SerialLostException>(() => read.WaitAsync(Long / 2));
        Assert.Equal(Pty.Port, lost.Port);
        Assert.Throws<SerialLostException>(() => link.Read(new byte[8], TimeSpan.Zero, default));
        Assert.Throws<SerialLostException>(() => link.Write([1], default));
    }

    [Fact]
    public void Discarded_input_is_never_read()
    {
        using var link = Open();
        Pty.Send(1, 2, 3);
        Assert.Equal(1, link.Read(new byte[1], Long, default));
        link.DiscardInput();
        Assert.Equal(0, link.Read(new byte[8], TimeSpan.Zero, default));
    }

    [Fact]
    public void A_missing_port_is_told_as_missing() =>
        Assert.Equal(SerialOpenFailure.Missing, Assert.Throws<SerialOpenException>(() => Ports.Open("/dev/ttyNONE", Baud)).Failure);

    [Fact]
    public void A_read_gives_up_at_its_timeout()
    {
        using var link = Open();
        var begun = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, link.Read(new byte[8], TimeSpan.FromMilliseconds(100), default));
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.FromMilliseconds(99), Long);
    }

    private static byte[] Take(int count, Func<byte[], int> read)
    {
        var taken = new List<byte>();
        var buffer = new byte[256];
        while (taken.Count < count)
            taken.AddRange(buffer.AsSpan(0, read(buffer)));
        return [.. taken];
    }
}

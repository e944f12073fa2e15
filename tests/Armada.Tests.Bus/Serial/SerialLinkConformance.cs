using System.Diagnostics;
using System.Runtime.Versioning;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Serial;

/// <summary>What every <see cref="ISerialPorts"/> does, on a pseudo-terminal.</summary>
[SupportedOSPlatform("linux")]
public abstract class SerialLinkConformance : IDisposable
{
    protected const int Baud = 1_000_000;
    protected static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    // Signals, lines, echo: what a terminal does beyond passing bytes on.
    private const int Cooked = 0x1 | 0x2 | 0x8;

    private protected Pty Pty { get; } = new();

    protected abstract ISerialPorts Ports { get; }

    public void Dispose()
    {
        Pty.Dispose();
        GC.SuppressFinalize(this);
    }

    protected ISerialLink Open() => Ports.Open(Pty.Port, Baud);

    [Fact]
    public void An_open_port_is_raw_and_runs_at_the_speed_asked()
    {
        using var link = Open();
        var (local, speed) = Pty.Line();
        Assert.Equal((0, Baud), (local & Cooked, speed));
    }

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
    public void Input_larger_than_the_buffer_is_read_in_parts()
    {
        using var link = Open();
        Pty.Send(1, 2, 3, 4, 5);
        Assert.Equal([1, 2, 3, 4, 5], Take(5, buffer => link.Read(buffer.AsSpan(0, 2), Long, default)));
        Assert.Equal(0, link.Read(new byte[2], TimeSpan.Zero, default));
    }

    [Fact]
    public void A_poll_takes_what_has_arrived_without_waiting_for_more()
    {
        using var link = Open();
        Pty.Send(7, 8);
        Assert.Equal([7, 8], Take(2, buffer => link.Read(buffer, TimeSpan.Zero, default)));
        Assert.Equal(0, link.Read(new byte[8], TimeSpan.Zero, default));
    }

    [Fact]
    public void A_second_open_is_refused_as_busy_until_the_first_is_closed()
    {
        var first = Open();
        var error = Assert.Throws<SerialOpenException>(Open);
        Assert.Equal($"{Pty.Port} is busy: another program has it open; stop that one first", error.Message);
        first.Dispose();
        Open().Dispose();
    }

    [Fact]
    public void A_port_may_be_opened_again_and_again()
    {
        for (byte round = 0; round < 5; round++)
        {
            using var link = Open();
            Pty.Send(round);
            Assert.Equal([round], Take(1, buffer => link.Read(buffer, Long, default)));
            link.Write([round], default);
            Assert.Equal([round], Take(1, buffer => Pty.Receive(buffer)));
        }
    }

    [Fact]
    public async Task Cancellation_wakes_a_read_and_the_link_goes_on_with_another_token()
    {
        using var link = Open();
        using var cancel = new CancellationTokenSource();
        var read = Task.Factory.StartNew(() => link.Read(new byte[8], Long, cancel.Token), TaskCreationOptions.LongRunning);
        cancel.CancelAfter(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Long / 2));
        Assert.ThrowsAny<OperationCanceledException>(() => link.Write([1], cancel.Token));
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
    public void A_missing_port_is_named_with_what_there_is()
    {
        var error = Assert.Throws<SerialOpenException>(() => Ports.Open("/dev/ttyNONE", Baud));
        Assert.Matches("^/dev/ttyNONE does not exist: (no serial adapter is plugged in|there are /dev/tty)", error.Message);
    }

    [Fact]
    public void A_file_is_no_serial_port()
    {
        var path = Path.GetTempFileName();
        var error = Assert.Throws<SerialOpenException>(() => Ports.Open(path, Baud));
        File.Delete(path);
        Assert.Equal($"{path} cannot be used: it is not a serial port", error.Message);
    }

    [SkippableFact]
    public void A_port_without_permission_says_which_group_helps()
    {
        Skip.If(Environment.IsPrivilegedProcess, "root may open everything");
        File.SetUnixFileMode(Pty.Port, UnixFileMode.None);
        Assert.Contains("udev rule", Assert.Throws<SerialOpenException>(Open).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    public void A_system_that_denies_permission_is_reported_with_the_group_that_helps(int errno)
    {
        File.SetUnixFileMode(Pty.Port, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        using var status = Process.Start(new ProcessStartInfo("stat", ["-c", "%G", Pty.Port]) { RedirectStandardOutput = true })!;
        var group = status.StandardOutput.ReadToEnd().Trim();
        var error = SerialOpenException.Of(Pty.Port, errno, "denied");
        Assert.StartsWith(Pty.Port, error.Message, StringComparison.Ordinal);
        Assert.Contains($"usermod -aG {group} ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_gives_up_at_its_timeout()
    {
        using var link = Open();
        var begun = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, link.Read(new byte[8], TimeSpan.FromMilliseconds(100), default));
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.FromMilliseconds(99), Long);
    }

    [Fact]
    public async Task A_servo_bus_reads_six_servos_over_a_real_port()
    {
        using var link = Open();
        var servos = Task.Factory.StartNew(AnswerUntilHangUp, TaskCreationOptions.LongRunning);
        Assert.True(SyncReads(new FeetechBus(link, BusTiming.Default with { SyncAllowance = Long, AnswerAllowance = Long })).AllAnswered, "a servo was not heard");
        link.Dispose();
        await servos.WaitAsync(Long);
    }

    private static byte[] Take(int count, Func<byte[], int> read)
    {
        var taken = new List<byte>();
        var buffer = new byte[256];
        while (taken.Count < count)
            taken.AddRange(buffer.AsSpan(0, read(buffer)));
        return [.. taken];
    }

    private protected static (bool AllAnswered, long Allocated) SyncReads(FeetechBus bus)
    {
        Span<byte> ids = [1, 2, 3, 4, 5, 6];
        Span<byte> data = stackalloc byte[12];
        Span<ServoAnswer> answers = stackalloc ServoAnswer[6];
        using var running = new CancellationTokenSource();
        var allAnswered = true;
        var before = 0L;
        for (var i = 0; i < 200; i++)
        {
            if (i == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            allAnswered &= bus.SyncRead(56, 2, ids, data, answers, running.Token) == 6;
            bus.SyncWrite(42, 2, ids, data, running.Token);
            allAnswered &= bus.Read(1, Sts3215.PresentPosition, running.Token).IsOk;
        }

        return (allAnswered, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private protected void AnswerUntilHangUp()
    {
        var parser = new InstructionParser();
        var input = new byte[256];
        var answer = new byte[ServoFrame.MaxSize];
        try
        {
            while (Pty.Receive(input) is > 0 and var count)
            {
                ReadOnlySpan<byte> rest = input.AsSpan(0, count);
                while (parser.TryRead(ref rest, out var asked))
                {
                    var ids = asked.Instruction == Instruction.SyncRead ? asked.Parameters[2..] : [asked.Id];
                    foreach (var id in asked.Instruction == Instruction.SyncWrite ? [] : ids)
                        Pty.Send(answer.AsSpan(0, ServoFrame.Status(answer, id, ServoErrors.None, [id, 0])));
                }
            }
        }
        catch (IOException)
        {
            // The bus has closed the port: the end.
        }
    }
}

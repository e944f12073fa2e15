using System.Globalization;
using System.Runtime.Versioning;
using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Serial;

[UnsupportedOSPlatform("windows")]
public sealed class PosixSerialLinkTests : IDisposable
{
    private const int Baud = 1_000_000;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly Pty pty = new();
    private readonly PosixSerialPorts ports = new();

    public void Dispose() => pty.Dispose();

    [Fact]
    public void An_open_port_is_raw_and_runs_at_the_speed_asked()
    {
        using var link = Open();
        Assert.Equal((0, Baud), pty.Line());
    }

    [Fact]
    public void Every_byte_value_passes_unchanged_in_both_directions()
    {
        using var link = Open();
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        link.Write(all, default);
        Assert.Equal(all, Take(256, buffer => pty.Receive(buffer)));
        pty.Send(all);
        Assert.Equal(all, Take(256, buffer => link.Read(buffer, Long, default)));
    }

    [Fact]
    public void A_second_open_is_refused_as_busy_until_the_first_is_closed()
    {
        var first = Open();
        var error = Assert.Throws<SerialOpenException>(Open);
        Assert.Equal(SerialOpenFailure.Busy, error.Failure);
        Assert.Equal($"{pty.Port} is busy: another program has it, stop that one first", error.Message);
        first.Dispose();
        Open().Dispose();
    }

    [Fact]
    public void A_missing_port_is_named_with_what_there_is()
    {
        var error = Assert.Throws<SerialOpenException>(() => ports.Open("/dev/ttyNONE", Baud));
        Assert.Equal(SerialOpenFailure.Missing, error.Failure);
        Assert.Matches("^/dev/ttyNONE does not exist: (no adapter is plugged in|there are /dev/tty)", error.Message);
    }

    [Fact]
    public void A_file_is_no_serial_port()
    {
        var path = Path.GetTempFileName();
        var error = Assert.Throws<SerialOpenException>(() => ports.Open(path, Baud));
        File.Delete(path);
        Assert.Equal((SerialOpenFailure.Unusable, $"{path} cannot be used: it is not a serial port"), (error.Failure, error.Message));
    }

    [SkippableFact]
    public void A_port_without_permission_says_which_group_helps()
    {
        Skip.If(Environment.IsPrivilegedProcess, "root may open everything");
        File.SetUnixFileMode(pty.Port, UnixFileMode.None);
        var error = Assert.Throws<SerialOpenException>(Open);
        Assert.Equal(SerialOpenFailure.Denied, error.Failure);
        Assert.Contains("dialout", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_gives_up_at_its_timeout_and_burns_no_processor_time_waiting()
    {
        using var link = Open();
        var begun = TimeProvider.System.GetTimestamp();
        var burnt = ThreadProcessorTime();
        Assert.Equal(0, link.Read(new byte[8], TimeSpan.FromMilliseconds(300), default));
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.FromMilliseconds(299), Long);
        Assert.InRange(ThreadProcessorTime() - burnt, TimeSpan.Zero, TimeSpan.FromMilliseconds(30));
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
        pty.Send(7);
        Assert.Equal(1, link.Read(new byte[8], Long, other.Token));
    }

    [Fact]
    public async Task A_pulled_cable_ends_a_read_that_waits_and_everything_after()
    {
        using var link = Open();
        var read = Task.Factory.StartNew(() => link.Read(new byte[8], Long, default), TaskCreationOptions.LongRunning);
        pty.Dispose();
        var lost = await Assert.ThrowsAsync<SerialLostException>(() => read.WaitAsync(Long / 2));
        Assert.Equal(pty.Port, lost.Port);
        Assert.Throws<SerialLostException>(() => link.Read(new byte[8], TimeSpan.Zero, default));
        Assert.Throws<SerialLostException>(() => link.Write([1], default));
    }

    [Fact]
    public void Discarded_input_is_never_read()
    {
        using var link = Open();
        pty.Send(1, 2, 3);
        Assert.Equal(1, link.Read(new byte[1], Long, default));
        link.DiscardInput();
        Assert.Equal(0, link.Read(new byte[8], TimeSpan.Zero, default));
    }

    [Fact]
    public async Task A_servo_bus_over_a_real_port_allocates_nothing()
    {
        using var link = Open();
        var servos = Task.Factory.StartNew(AnswerUntilHangUp, TaskCreationOptions.LongRunning);
        Assert.Equal((true, 0L), SyncReads(new FeetechBus(link, BusTiming.Default with { SyncAllowance = Long })));
        link.Dispose();
        await servos.WaitAsync(Long);
    }

    private ISerialLink Open() => ports.Open(pty.Port, Baud);

    private static (bool AllAnswered, long Allocated) SyncReads(FeetechBus bus)
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

    private void AnswerUntilHangUp()
    {
        var parser = new InstructionParser();
        var input = new byte[256];
        var answer = new byte[ServoFrame.MaxSize];
        try
        {
            while (pty.Receive(input) is > 0 and var count)
            {
                ReadOnlySpan<byte> rest = input.AsSpan(0, count);
                while (parser.TryRead(ref rest, out var asked))
                {
                    var ids = asked.Instruction == Instruction.SyncRead ? asked.Parameters[2..] : [asked.Id];
                    foreach (var id in asked.Instruction == Instruction.SyncWrite ? [] : ids)
                        pty.Send(answer.AsSpan(0, ServoFrame.Status(answer, id, ServoErrors.None, [id, 0])));
                }
            }
        }
        catch (IOException)
        {
            // The bus has closed the port: the end.
        }
    }

    private static byte[] Take(int count, Func<byte[], int> read)
    {
        var taken = new List<byte>();
        var buffer = new byte[256];
        while (taken.Count < count)
            taken.AddRange(buffer.AsSpan(0, read(buffer)));
        return [.. taken];
    }

    private static TimeSpan ThreadProcessorTime()
    {
        var nanoseconds = File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0];
        return TimeSpan.FromMicroseconds(long.Parse(nanoseconds, CultureInfo.InvariantCulture) / 1000.0);
    }
}

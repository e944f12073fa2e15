using Armada.Emulators.Arms;
using Armada.Emulators.Ptys;

namespace Armada.Emulators.Bus;

/// <summary>An emulated arm behind a serial port: hears instructions on a pseudo-terminal and answers after the time they would take on
/// a wire at 1 Mbit/s. Linux only. Dispose takes the port away.</summary>
public sealed class EmulatedBus : IDisposable
{
    // Silence that ends a frame begun: more than a thousand byte times, less than any host's time-out.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(10);

    // The arm moves on even if nobody asks it anything.
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider time;
    private readonly bool wireTiming;
    private readonly EmulatedPort port;
    private readonly Task loop;
    private readonly InstructionParser parser = new();
    private readonly ReplyTrain train = new();
    private readonly LateAnswers late = new();
    private readonly BusResponder responder;
    private readonly object plug = new();
    private volatile bool stopping;
    private volatile bool plugged = true;
    private long advancedTo;
    private long heardAt;
    private long wireFreeAt;

    /// <param name="path">The port's name, a symbolic link that is made.</param>
    /// <param name="wireTiming">False: answer at once.</param>
    /// <param name="time">The clock of the arm's motion; real time with wire timing.</param>
    /// <exception cref="IOException">The port cannot be made.</exception>
    public EmulatedBus(EmulatedArm arm, string path, bool wireTiming = true, TimeProvider? time = null)
    {
        Arm = arm;
        this.time = time ?? TimeProvider.System;
        this.wireTiming = wireTiming;
        responder = new BusResponder(arm, Faults, Journal, late, this.time.TimestampFrequency);
        advancedTo = this.time.GetTimestamp();
        port = new EmulatedPort(path);
        loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public EmulatedArm Arm { get; }
    public string Port => port.Path;
    public BusFaults Faults { get; } = new();
    public WriteJournal Journal { get; } = new();
    public long Heard { get; private set; }

    /// <summary>Ends with the bus; with an error if it failed.</summary>
    public Task Completion => loop;

    /// <summary>Pulls the cable: the port is gone when this returns. Servos keep power and torque.</summary>
    public void Unplug() => Plug(false);

    /// <summary>Puts the cable back: the port, under the same name, can be opened when this returns.</summary>
    public void Replug() => Plug(true);

    public void Dispose()
    {
        if (stopping)
            return;
        stopping = true;
        port.Wake();
        try
        {
            loop.GetAwaiter().GetResult();
        }
        finally
        {
            port.Dispose();
        }
    }

    private void Plug(bool plugged)
    {
        lock (plug)
        {
            this.plugged = plugged;
            port.Wake();
            while (port.IsPlugged != plugged && !loop.IsCompleted)
                Monitor.Wait(plug, Idle);
        }
    }

    private void Run()
    {
        _ = Native.ThreadControl(Native.SetTimerSlack, 1, 0, 0, 0);
        Span<byte> bytes = stackalloc byte[4096];
        while (!stopping)
        {
            SettlePlug();
            while (late.TryTake(time.GetTimestamp(), out var answer))
                port.Write(answer);
            var hasBytes = port.Wait(UntilNext());
            Advance();
            if (hasBytes)
                Hear(bytes[..port.Read(bytes)]);
        }
    }

    private void SettlePlug()
    {
        if (port.IsPlugged == plugged)
            return;
        lock (plug)
        {
            if (plugged)
                port.Plug();
            else
                port.Unplug();
            parser.Reset();
            Monitor.PulseAll(plug);
        }
    }

    private TimeSpan UntilNext()
    {
        if (late.NextDue == long.MaxValue)
            return Idle;
        var left = Math.Max(0, late.NextDue - this.time.GetTimestamp());
        var time = TimeSpan.FromSeconds((double)left / this.time.TimestampFrequency);
        return time < Idle ? time : Idle;
    }

    private void Advance()
    {
        var now = time.GetTimestamp();
        Arm.Advance(time.GetElapsedTime(advancedTo, now));
        advancedTo = now;
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(heardAt, now) > Quiet)
            parser.Reset();
        heardAt = now;
        wireFreeAt = Math.Max(wireFreeAt, now);
        while (parser.TryRead(ref bytes, out var frame))
        {
            Heard++;
            train.Clear();
            lock (Arm.Sync)
                responder.Answer(frame, now, train);
            Send((frame.Parameters.Length + ServoFrame.EmptySize) * ReplyTrain.MicrosecondsPerByte);
        }
    }

    /// <summary>Sends what was answered when the last byte of it would be through the wire.</summary>
    private void Send(int instructionMicroseconds)
    {
        wireFreeAt += (instructionMicroseconds + train.Microseconds) * time.TimestampFrequency / 1_000_000;
        if (train.Bytes.IsEmpty)
            return;
        while (wireTiming && time.GetTimestamp() is var now && now < wireFreeAt)
            EmulatedPort.Pass(time.GetElapsedTime(now, wireFreeAt));
        port.Write(train.Bytes);
    }
}

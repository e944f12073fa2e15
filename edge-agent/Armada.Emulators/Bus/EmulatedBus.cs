using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Faults;
using Armada.Emulators.Ptys;

namespace Armada.Emulators.Bus;

/// <summary>
/// An emulated arm behind a serial port: hears instructions on a pseudo-terminal and answers after the time they would take on
/// a wire at 1 Mbit/s. Linux only. Dispose takes the port away.
/// </summary>
public sealed class EmulatedBus : IDisposable
{
    // Silence that ends a frame begun: more than a thousand byte times, less than any host's time-out.
    private static readonly TimeSpan _quiet = TimeSpan.FromMilliseconds(10);

    // The arm moves on even if nobody asks it anything.
    private static readonly TimeSpan _idle = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly bool _wireTiming;
    private readonly EmulatedPort _port;
    private readonly Task _loop;
    private readonly InstructionParser _parser = new();
    private readonly ReplyTrain _train = new();
    private readonly LateAnswers _late = new();
    private readonly BusResponder _responder;
    private readonly object _plug = new();
    private volatile bool _stopping;
    private volatile bool _plugged = true;
    private long _advancedTo;
    private long _heardAt;
    private long _wireFreeAt;

    /// <summary>Makes the port and begins to answer; it can be opened when this returns.</summary>
    /// <param name="arm">What hangs on the bus.</param>
    /// <param name="path">The port's name, a symbolic link that is made.</param>
    /// <param name="wireTiming">False: answer at once.</param>
    /// <param name="time">The clock of the arm's motion; real time with wire timing.</param>
    /// <exception cref="IOException">The port cannot be made.</exception>
    public EmulatedBus(EmulatedArm arm, string path, bool wireTiming = true, TimeProvider? time = null)
    {
        Arm = arm;
        _time = time ?? TimeProvider.System;
        _wireTiming = wireTiming;
        _responder = new BusResponder(arm, Faults, Journal, _late, _time.TimestampFrequency);
        _advancedTo = _time.GetTimestamp();
        _port = new EmulatedPort(path);
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What hangs on the bus.</summary>
    public EmulatedArm Arm { get; }

    /// <summary>What a host opens.</summary>
    public string Port => _port.Path;

    /// <summary>What goes wrong with answers.</summary>
    public BusFaults Faults { get; } = new();

    /// <summary>The writes that went over the bus.</summary>
    public WriteJournal Journal { get; } = new();

    /// <summary>Instructions heard whole.</summary>
    public long Heard { get; private set; }

    /// <summary>Ends with the bus; with an error if it failed.</summary>
    public Task Completion => _loop;

    /// <summary>Pulls the cable: the port is gone when this returns. Servos keep power and torque.</summary>
    public void Unplug() => Plug(false);

    /// <summary>Puts the cable back: the port, under the same name, can be opened when this returns.</summary>
    public void Replug() => Plug(true);

    /// <summary>Takes the port away and waits until nothing runs.</summary>
    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        _port.Wake();
        try
        {
            _loop.GetAwaiter().GetResult();
        }
        finally
        {
            _port.Dispose();
        }
    }

    private void Plug(bool plugged)
    {
        lock (_plug)
        {
            _plugged = plugged;
            _port.Wake();
            while (_port.IsPlugged != plugged && !_loop.IsCompleted)
                Monitor.Wait(_plug, _idle);
        }
    }

    private void Run()
    {
        _ = Libc.ThreadControl(Libc.SetTimerSlack, 1, 0, 0, 0);
        Span<byte> bytes = stackalloc byte[4096];
        while (!_stopping)
        {
            SettlePlug();
            while (_late.TryTake(_time.GetTimestamp(), out var answer))
                _port.Write(answer);
            var hasBytes = _port.Wait(UntilNext());
            Advance();
            if (hasBytes)
                Hear(bytes[.._port.Read(bytes)]);
        }
    }

    private void SettlePlug()
    {
        if (_port.IsPlugged == _plugged)
            return;
        lock (_plug)
        {
            if (_plugged)
                _port.Plug();
            else
                _port.Unplug();
            _parser.Reset();
            Monitor.PulseAll(_plug);
        }
    }

    private TimeSpan UntilNext()
    {
        if (_late.NextDue == long.MaxValue)
            return _idle;
        var left = Math.Max(0, _late.NextDue - _time.GetTimestamp());
        var time = TimeSpan.FromSeconds((double)left / _time.TimestampFrequency);
        return time < _idle ? time : _idle;
    }

    private void Advance()
    {
        var now = _time.GetTimestamp();
        Arm.Advance(_time.GetElapsedTime(_advancedTo, now));
        _advancedTo = now;
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        var now = _time.GetTimestamp();
        if (_time.GetElapsedTime(_heardAt, now) > _quiet)
            _parser.Reset();
        _heardAt = now;
        _wireFreeAt = Math.Max(_wireFreeAt, now);
        while (_parser.TryRead(ref bytes, out var frame))
        {
            Heard++;
            _train.Clear();
            lock (Arm.Gate)
                _responder.Answer(frame, now, _train);
            Send((frame.Parameters.Length + ServoFrame.EmptySize) * ReplyTrain.MicrosecondsPerByte);
        }
    }

    /// <summary>Sends what was answered when the last byte of it would be through the wire.</summary>
    private void Send(int instructionMicroseconds)
    {
        _wireFreeAt += (instructionMicroseconds + _train.Microseconds) * _time.TimestampFrequency / 1_000_000;
        if (_train.Bytes.IsEmpty)
            return;
        while (_wireTiming && _time.GetTimestamp() is var now && now < _wireFreeAt)
            EmulatedPort.Pass(_time.GetElapsedTime(now, _wireFreeAt));
        _port.Write(_train.Bytes);
    }
}

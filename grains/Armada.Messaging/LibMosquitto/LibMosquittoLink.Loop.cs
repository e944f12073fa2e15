using System.ComponentModel;
using System.Runtime.InteropServices;
using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;

namespace Armada.Messaging.LibMosquitto;

/// <content>The link's thread: connect, serve, rest, again.</content>
public sealed partial class LibMosquittoLink
{
    private const int RefusedFrom = 128;
    private const int NoAnswer = -1;
    private const int ErrorTls = 8;
    private const int ErrorSystem = 14;
    private const int ProtocolFault = 71;

    /// <summary>Messages handled before other duties get a look.</summary>
    private const int MostReads = 64;

    /// <summary>What may wait in the kernel: more would only grow old there.</summary>
    private const int MostNotSent = 16 * 1024;

    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private int _connection;
    private int _systemError;
    private bool _wasUpBefore;

    private bool IsStopping => _stopping.IsCancellationRequested;

    private void Run(MosquittoClient client)
    {
        _linkThread = Environment.CurrentManagedThreadId;
        try
        {
            while (!IsStopping)
            {
                var began = _time.GetTimestamp();
                var end = Attempt(client);
                if (IsStopping) break;
                if (end.WasUp && _time.GetElapsedTime(began) > _options.BackOffMost) _backOff.Reset();
                var wait = end.IsRefusal ? _backOff.Longest() : _backOff.Next();
                Report(end, (int)wait.TotalMilliseconds);
                Rest(wait);
            }
            if (_outbox.ControlLeft is > 0 and var left) LogControlLeft(_options.ClientId, left);
            LogStopped(_options.ClientId);
        }
#pragma warning disable CA1031 // The top of the link's loop.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogThreadFailed(fault, _options.ClientId);
        }
        finally
        {
            GoDown();
            lock (_driving) client.Dispose();
            _ended.SetResult();
        }
    }

    private ConnectionEnd Attempt(MosquittoClient client)
    {
        (_answer, _endReason, _systemError, _complaint) = (NoAnswer, 0, 0, null);
        _asked.Clear();
        var (family, fault) = _brokerName.Family(_stopping.Token);
        if (fault is not null) return new(fault);
        int result;
        lock (_driving)
        {
            client.HearComplaints(true);
            result = client.Connect(family);
        }
        if (result != Mosquitto.Success)
        {
            _systemError = Marshal.GetLastPInvokeError();
            return new(Reason(result), IsRefusal: result == ErrorTls);
        }
        _connection++;
        Posix.LimitSendQueue(client.Socket, MostNotSent, _options.KeepAlive);
        result = Serve(client, out var wasUp);
        var isRefusal = _answer > 0 || (_answer == NoAnswer && (result == ErrorTls || _systemError == ProtocolFault));
        return new(_answer > 0 ? Mosquitto.ReasonText(_answer) : Reason(result), wasUp, isRefusal);
    }

    private void Rest(TimeSpan wait)
    {
        Span<Posix.PollDescriptor> wake = [new() { Descriptor = _wake!.Descriptor, Events = Posix.PollIn }];
        var began = _time.GetTimestamp();
        while (!IsStopping && wait - _time.GetElapsedTime(began) is { } left && left > TimeSpan.Zero)
        {
            Posix.Wait(wake, left);
            if (wake[0].Returned != 0) _wake.Lower();
        }
    }

    private void GoUp(MosquittoClient client)
    {
        client.HearComplaints(false);
        _complaint = null;
        if (_wasUpBefore) Interlocked.Increment(ref _reconnects);
        _wasUpBefore = true;
        _outbox.Open(client.Handle);
        _writable = client;
        _mustWrite = 1;
        LogUp(_options.ClientId, _options.Host, _options.Port);
        Change(LinkState.Up);
    }

    private void GoDown()
    {
        _outbox.Close();
        lock (_driving) _writable = null;
        if (_state is LinkState.Up) Change(LinkState.Down);
    }

    private void Change(LinkState state)
    {
        _state = state;
        try
        {
            StateChanged?.Invoke(state);
        }
#pragma warning disable CA1031 // As for message handlers: a fault of one listener may not end the link.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            CountHandlerFault(fault, nameof(StateChanged));
        }
    }

    private string Reason(int result)
    {
        if (_complaint is { } complaint) return complaint;
        if (result == ErrorSystem && _systemError != 0) return new Win32Exception(_systemError).Message;
        return result >= RefusedFrom ? Mosquitto.ReasonText(result) : Mosquitto.ErrorText(result);
    }

    private void Report(ConnectionEnd end, int milliseconds)
    {
        if (end.IsRefusal) LogRefused(_options.ClientId, end.Reason, milliseconds);
        else if (end.WasUp) LogDown(_options.ClientId, end.Reason, milliseconds);
        else LogUnreachable(_options.ClientId, _options.Host, _options.Port, end.Reason, milliseconds);
    }

    private readonly record struct ConnectionEnd(string Reason, bool WasUp = false, bool IsRefusal = false);
}

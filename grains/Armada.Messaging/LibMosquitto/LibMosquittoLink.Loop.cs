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

    private int systemError;
    private bool wasUpBefore;
    private volatile bool isAnewAsked;

    private bool IsStopping => stopping.IsCancellationRequested;

    private void Run(MosquittoClient client)
    {
        linkThread = Environment.CurrentManagedThreadId;
        try
        {
            while (!IsStopping)
            {
                var began = time.GetTimestamp();
                isAnewAsked = false;
                var end = Attempt(client);
                if (IsStopping) break;
                if (isAnewAsked)
                {
                    LogAnew(options.ClientId);
                    backOff.Reset();
                    continue;
                }
                if (end.WasUp && time.GetElapsedTime(began) > options.BackOffMost) backOff.Reset();
                var wait = end.IsRefusal ? backOff.Longest() : backOff.Next();
                Report(end, (int)wait.TotalMilliseconds);
                Rest(wait);
            }
            if (outbox.ControlLeft is > 0 and var left) LogControlLeft(options.ClientId, left);
            LogStopped(options.ClientId);
        }
#pragma warning disable CA1031 // The top of the link's loop.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogThreadFailed(fault, options.ClientId);
        }
        finally
        {
            GoDown();
            lock (driving) client.Dispose();
            ended.SetResult();
        }
    }

    private ConnectionEnd Attempt(MosquittoClient client)
    {
        (answer, endReason, systemError, complaint) = (NoAnswer, 0, 0, null);
        asked.Clear();
        var (family, fault) = brokerName.Family(stopping.Token);
        if (fault is not null) return new(fault);
        int result;
        lock (driving)
        {
            client.HearComplaints(true);
            result = client.Connect(family);
        }
        if (result != Mosquitto.Success)
        {
            systemError = Marshal.GetLastPInvokeError();
            return new(Reason(result), IsRefusal: result == ErrorTls);
        }
        Posix.LimitSendQueue(client.Socket, MostNotSent, options.KeepAlive);
        result = Serve(client, out var wasUp);
        var isRefusal = answer > 0 || (answer == NoAnswer && (result == ErrorTls || systemError == ProtocolFault));
        return new(answer > 0 ? Mosquitto.ReasonText(answer) : Reason(result), wasUp, isRefusal);
    }

    private void Rest(TimeSpan wait)
    {
        Span<Posix.PollDescriptor> wake = [new() { Descriptor = this.wake!.Descriptor, Events = Posix.PollIn }];
        var began = time.GetTimestamp();
        while (!IsStopping && !isAnewAsked && wait - time.GetElapsedTime(began) is { } left && left > TimeSpan.Zero)
        {
            Posix.Wait(wake, left);
            if (wake[0].Returned != 0) this.wake.Lower();
        }
    }

    private void GoUp(MosquittoClient client)
    {
        client.HearComplaints(false);
        complaint = null;
        if (wasUpBefore) Interlocked.Increment(ref reconnects);
        wasUpBefore = true;
        outbox.Open(client.Handle);
        writable = client;
        mustWrite = 1;
        LogUp(options.ClientId, options.Host, options.Port);
        Change(LinkState.Up);
    }

    private void GoDown()
    {
        outbox.Close();
        subscriptions.Disconnected();
        lock (driving) writable = null;
        if (state is LinkState.Up) Change(LinkState.Down);
    }

    private void Change(LinkState state)
    {
        this.state = state;
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
        if (this.complaint is { } complaint) return complaint;
        if (result == ErrorSystem && systemError != 0) return new Win32Exception(systemError).Message;
        return result >= RefusedFrom ? Mosquitto.ReasonText(result) : Mosquitto.ErrorText(result);
    }

    private void Report(ConnectionEnd end, int milliseconds)
    {
        if (end.IsRefusal) LogRefused(options.ClientId, end.Reason, milliseconds);
        else if (end.WasUp) LogDown(options.ClientId, end.Reason, milliseconds);
        else LogUnreachable(options.ClientId, options.Host, options.Port, end.Reason, milliseconds);
    }

    private readonly record struct ConnectionEnd(string Reason, bool WasUp = false, bool IsRefusal = false);
}

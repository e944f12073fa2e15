using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;

namespace Armada.Mqtt;

/// <content>The link's loop: connect, serve, rest, again.</content>
public sealed partial class MqttLink
{
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(10);

    private readonly OncePerSecond faultReports;
    private bool wasUpBefore;

    private bool IsStopping => stopping.IsCancellationRequested;

    private bool IsAnewAsked => anew.Task.IsCompleted;

    private async Task RunAsync()
    {
        try
        {
            while (!IsStopping)
            {
                var began = time.GetTimestamp();
                if (IsAnewAsked) anew = new(TaskCreationOptions.RunContinuationsAsynchronously);
                var end = await AttemptAsync();
                if (IsStopping) break;
                if (IsAnewAsked)
                {
                    LogAnew(options.ClientId);
                    backOff.Reset();
                    continue;
                }
                if (end.WasUp && time.GetElapsedTime(began) > options.BackOffMost) backOff.Reset();
                var wait = end.IsRefusal ? backOff.Longest() : backOff.Next();
                Report(end, (int)wait.TotalMilliseconds);
                await FirstOf(wait, stop.Task, anew.Task);
            }
            if (outbox.ControlLeft is > 0 and var left) LogControlLeft(options.ClientId, left);
            LogStopped(options.ClientId);
        }
#pragma warning disable CA1031 // The top of the link's loop.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogLoopFailed(fault, options.ClientId);
            GoDown();
        }
    }

    private async Task<ConnectionEnd> AttemptAsync()
    {
        using var limit = new CancellationTokenSource(AttemptLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping.Token);
        Connection opened;
        try
        {
            var opening = Connection.OpenAsync(options, outbox, time, either.Token);
            await Task.WhenAny(opening, anew.Task);
            if (!opening.IsCompleted) await limit.CancelAsync();
            opened = await opening;
        }
        catch (OperationCanceledException)
        {
            return new(NoAnswer);
        }
        catch (AuthenticationException fault)
        {
            return new(InnermostOf(fault), IsRefusal: true);
        }
        catch (Exception fault) when (fault is SocketException or IOException or CryptographicException or UnauthorizedAccessException)
        {
            return new(InnermostOf(fault));
        }
        try
        {
            return await ServeAsync(opened);
        }
        finally
        {
            GoDown();
            await opened.DisposeAsync();
        }
    }

    private void GoUp(int window, int mostPacket)
    {
        if (wasUpBefore) Interlocked.Increment(ref reconnects);
        wasUpBefore = true;
        outbox.Open(window, mostPacket);
        LogUp(options.ClientId, options.Host, options.Port);
        Change(LinkState.Up);
    }

    private void GoDown()
    {
        lock (lifecycle)
        {
            (connection, accepted) = (null, null);
            subscriptions.Disconnected();
        }
        outbox.Detach();
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

    private void CountHandlerFault(Exception fault, string source)
    {
        Interlocked.Increment(ref handlerFaults);
        if (faultReports.Count(out var since)) LogHandlerFault(fault, source, since);
    }

    private void Report(ConnectionEnd end, int milliseconds)
    {
        if (end.IsRefusal) LogRefused(options.ClientId, end.Reason, milliseconds);
        else if (end.WasUp) LogDown(options.ClientId, end.Reason, milliseconds);
        else LogUnreachable(options.ClientId, options.Host, options.Port, end.Reason, milliseconds);
    }

    // What went wrong on the wire is told by the innermost exception; those around it tell that something did.
    private static string InnermostOf(Exception fault) => fault.GetBaseException().Message;

    private readonly record struct ConnectionEnd(string Reason, bool WasUp = false, bool IsRefusal = false);
}

using System.Runtime.InteropServices;
using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;

namespace Armada.Messaging.LibMosquitto;

/// <content>One connection, from CONNECT to its end.</content>
public sealed partial class LibMosquittoLink
{
    private const int ErrorLost = 7;
    private const int ErrorTimeout = 27;

    /// <summary>Serves the connection until it ends, or the link stops or is to connect anew; gives the reason of its end.</summary>
    private int Serve(MosquittoClient client, out bool wasUp)
    {
        Span<Posix.PollDescriptor> ready =
        [
            new() { Descriptor = client.Socket },
            new() { Descriptor = wake!.Descriptor, Events = Posix.PollIn },
        ];
        var began = time.GetTimestamp();
        var lastMisc = began;
        long stopped = 0;
        try
        {
            while (true)
            {
                var write = client.WantsToWrite ? Posix.PollOut : (short)0;
                ready[0].Events = (short)(Posix.PollIn | Posix.PollPeerClosed | write);
                Posix.Wait(ready, stopped == 0 ? Tick : TimeSpan.FromMilliseconds(50));
                if (ready[1].Returned != 0) wake.Lower();
                lock (driving)
                {
                    var result = Turn(client, ready[0].Returned);
                    if (result != Mosquitto.Success || client.Socket < 0) return endReason != 0 ? endReason : Or(result, ErrorLost);
                    if (state is LinkState.Down && time.GetElapsedTime(began) > AttemptLimit) return ErrorTimeout;
                    if (time.GetElapsedTime(lastMisc) >= Tick)
                    {
                        lastMisc = time.GetTimestamp();
                        if (Mosquitto.LoopMisc(client.Handle) is var misc and not Mosquitto.Success) return misc;
                    }
                }
                if (!IsStopping && !isAnewAsked) continue;
                if (stopped == 0) stopped = time.GetTimestamp();
                var isLate = time.GetElapsedTime(stopped) > GoodbyeLimit;
                if (state is LinkState.Up && outbox.ControlLeft > 0 && !isLate) continue;
                SayGoodbye(client);
                return Mosquitto.Success;
            }
        }
        finally
        {
            wasUp = state is LinkState.Up;
            GoDown();
        }
    }

    /// <summary>Reads, lets the handlers work, writes.</summary>
    private int Turn(MosquittoClient client, short returned)
    {
        if (returned != 0)
        {
            var result = Read(client, returned);
            if (result != Mosquitto.Success || client.Socket < 0) return result;
        }
        if (answer == Mosquitto.Success)
        {
            TellOfSubscriptions(client);
            if (state is LinkState.Down && asked.Count == 0) GoUp(client);
        }
        if (mustWrite != 0 || (returned & Posix.PollOut) != 0) Write(client);
        if ((returned & Posix.PollIn) != 0) Posix.AcknowledgeAtOnce(client.Socket);
        return Mosquitto.Success;
    }

    private int Read(MosquittoClient client, short returned)
    {
        var isBroken = (returned & (Posix.PollError | Posix.PollHangUp | Posix.PollPeerClosed)) != 0;

        // Until CONNACK a read may be a step of the TLS handshake, which does not say when there is nothing more to read.
        if (answer == NoAnswer)
        {
            var result = ReadOne(client);
            return result == Mosquitto.Success && isBroken && answer == NoAnswer ? ErrorLost : result;
        }
        for (var i = 0; i < MostReads; i++)
        {
            var result = ReadOne(client);
            if (result != Mosquitto.Success || client.Socket < 0) return result;
            if (Marshal.GetLastPInvokeError() == Posix.TryAgain)
                return (returned & (Posix.PollError | Posix.PollHangUp)) != 0 ? ErrorLost : Mosquitto.Success;
            if (mustWrite != 0) Write(client);
        }
        return Mosquitto.Success;
    }

    private int ReadOne(MosquittoClient client)
    {
        isReading = true;
        var result = Mosquitto.LoopRead(client.Handle, 1);
        isReading = false;
        if (result != Mosquitto.Success) systemError = Marshal.GetLastPInvokeError();
        return result;
    }

    private void TellOfSubscriptions(MosquittoClient client)
    {
        while (subscriptions.TryTake(out var request))
        {
            mustWrite = 1;
            if (request.Delivery is { } delivery) Ask(request.Filter, delivery);
            else if (client.Unsubscribe(request.Filter) is var result and not Mosquitto.Success)
                LogSubscriptionGoesOn(request.Filter, Mosquitto.ErrorText(result));
        }

        void Ask(string filter, Delivery delivery)
        {
            var result = client.Subscribe(filter, delivery, out var messageId);
            if (result == Mosquitto.Success) asked[messageId] = filter;
            else LogSubscriptionRefused(filter, Mosquitto.ErrorText(result));
        }
    }

    /// <summary>
    /// Sends what is queued, and DISCONNECT, and waits for the broker to close: closing first while messages still come in would
    /// reset the connection, and the broker might then send the last will after all.
    /// </summary>
    private void SayGoodbye(MosquittoClient client)
    {
        if (answer != Mosquitto.Success) return;
        var connection = Posix.Duplicate(client.Socket);
        lock (driving)
        {
            outbox.Close();
            writable = null;
            _ = Mosquitto.Disconnect(client.Handle);
            var began = time.GetTimestamp();
            Span<Posix.PollDescriptor> ready = [new() { Descriptor = client.Socket, Events = Posix.PollOut }];
            while (client.Socket >= 0 && time.GetElapsedTime(began) < GoodbyeLimit)
            {
                if (Mosquitto.LoopWrite(client.Handle, 1) != Mosquitto.Success) break;
                if (client.Socket >= 0) Posix.Wait(ready, GoodbyeLimit / 10);
            }
        }
        if (connection < 0) return;
        Posix.LingerUntilPeerCloses(connection, GoodbyeLimit / 2);
        _ = Posix.Close(connection);
    }

    private static int Or(int result, int otherwise) => result != Mosquitto.Success ? result : otherwise;
}

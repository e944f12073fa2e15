using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;

namespace Armada.Messaging.LibMosquitto;

/// <content>What the library tells, on whatever thread drives it: the link's, or a publisher's for the end of a connection.</content>
public sealed partial class LibMosquittoLink : IMosquittoEvents
{
    private readonly OncePerSecond faultReports;
    private readonly Dictionary<int, string> asked = [];
    private volatile string? complaint;
    private volatile int answer = NoAnswer;
    private volatile int endReason;
    private bool isReading;

    void IMosquittoEvents.Answered(int reason)
    {
        answer = reason;
        if (reason == Mosquitto.Success) subscriptions.Connected();
    }

    void IMosquittoEvents.Ended(int reason) => endReason = reason;

    void IMosquittoEvents.Complained(string text) => complaint = text;

    void IMosquittoEvents.Acknowledged(int reason)
    {
        // The library also tells of every sample, while it writes; only what it tells while it reads is an acknowledgement.
        if (!isReading) return;
        if (reason >= RefusedFrom) LogControlRefused("a control message", Mosquitto.ReasonText(reason));
        outbox.Acknowledged();
        mustWrite = 1;
    }

    void IMosquittoEvents.SubscriptionAnswered(int messageId, int granted)
    {
        if (!asked.Remove(messageId, out var filter)) return;
        if (granted >= RefusedFrom) LogSubscriptionRefused(filter, Mosquitto.ReasonText(granted));
    }

    void IMosquittoEvents.Received(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        Interlocked.Increment(ref received);
        subscriptions.Deliver(topic, payload);
    }

    private void CountHandlerFault(Exception fault, string source)
    {
        Interlocked.Increment(ref handlerFaults);
        if (faultReports.Count(out var since)) LogHandlerFault(fault, source, since);
    }
}

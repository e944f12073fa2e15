using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;

namespace Armada.Messaging.LibMosquitto;

/// <content>What the library tells, on whatever thread drives it: the link's, or a publisher's for the end of a connection.</content>
public sealed partial class LibMosquittoLink : IMosquittoEvents
{
    private readonly OncePerSecond faultReports;
    private readonly Dictionary<int, Subscription> asked = [];
    private volatile string? complaint;
    private volatile int answer = NoAnswer;
    private volatile int endReason;
    private bool isReading;

    void IMosquittoEvents.Answered(int reason) => answer = reason;

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
        if (!asked.Remove(messageId, out var subscription)) return;
        if (granted >= RefusedFrom) LogSubscriptionRefused(subscription.Filter, Mosquitto.ReasonText(granted));
    }

    void IMosquittoEvents.Received(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        Interlocked.Increment(ref received);
        foreach (var subscription in subscriptions)
        {
            if (!subscription.Matches(topic)) continue;
            try
            {
                subscription.Deliver(topic, payload);
            }
#pragma warning disable CA1031 // The top of the handler's loop: a fault of one handler may end neither the link nor the process.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                CountHandlerFault(fault, subscription.Filter);
            }
        }
    }

    private void CountHandlerFault(Exception fault, string source)
    {
        Interlocked.Increment(ref handlerFaults);
        if (faultReports.Count(out var since)) LogHandlerFault(fault, source, since);
    }
}

using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;

namespace Armada.Messaging.LibMosquitto;

/// <content>What the library tells, on whatever thread drives it: the link's, or a publisher's for the end of a connection.</content>
public sealed partial class LibMosquittoLink : IMosquittoEvents
{
    private readonly OncePerSecond _faultReports;
    private readonly Dictionary<int, Subscription> _asked = [];
    private volatile string? _complaint;
    private volatile int _answer = NoAnswer;
    private volatile int _endReason;
    private bool _isReading;

    void IMosquittoEvents.Answered(int reason) => _answer = reason;

    void IMosquittoEvents.Ended(int reason) => _endReason = reason;

    void IMosquittoEvents.Complained(string text) => _complaint = text;

    void IMosquittoEvents.Acknowledged(int reason)
    {
        // The library also tells of every sample, while it writes; only what it tells while it reads is an acknowledgement.
        if (!_isReading) return;
        if (reason >= RefusedFrom) LogControlRefused("a control message", Mosquitto.ReasonText(reason));
        _outbox.Acknowledged();
        _mustWrite = 1;
    }

    void IMosquittoEvents.SubscriptionAnswered(int messageId, int granted)
    {
        if (!_asked.Remove(messageId, out var subscription)) return;
        if (granted >= RefusedFrom) LogSubscriptionRefused(subscription.Filter, Mosquitto.ReasonText(granted));
    }

    void IMosquittoEvents.Received(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        Interlocked.Increment(ref _received);
        foreach (var subscription in _subscriptions)
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
        Interlocked.Increment(ref _handlerFaults);
        if (_faultReports.Count(out var since)) LogHandlerFault(fault, source, since);
    }
}

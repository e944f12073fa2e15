using MQTTnet.Adapter;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Armada.Mqtt;

/// <content>What the broker says.</content>
public sealed partial class MqttLink
{
    private const int RefusedFrom = 128;

    private readonly Dictionary<ushort, string> asked = [];
    private ushort lastRequestId = ushort.MaxValue;

    private void Handle(byte first, ArraySegment<byte> body)
    {
        if (first >> 4 == (int)MqttControlPacketType.Publish)
        {
            if (!ReceivedMessage.TryRead(first, body, options.Mqtt5, out var message))
                throw new MqttProtocolViolationException("The broker sent a malformed message.");
            Interlocked.Increment(ref received);
            subscriptions.Deliver(message.Topic, message.Payload);
            if (message.Id != 0) outbox.PutAcknowledgement(message.Id);
            return;
        }
        switch (decoder.Decode(new ReceivedMqttPacket(first, body, body.Count)))
        {
            case MqttConnAckPacket answer:
                Answered(answer);
                break;
            case MqttSubAckPacket answer:
                SubscriptionAnswered(answer);
                break;
            case MqttUnsubAckPacket answer:
                UnsubscriptionAnswered(answer);
                break;
            case MqttPubAckPacket answer:
                var topic = outbox.Acknowledged(answer.PacketIdentifier);
                if (topic is not null && (int)answer.ReasonCode >= RefusedFrom)
                    LogControlRefused(topic, Text($"{answer.ReasonCode}", answer.ReasonString));
                break;
            case MqttDisconnectPacket farewell:
                connection?.End(Text($"{farewell.ReasonCode}", farewell.ReasonString));
                break;
            default:
                break;
        }
    }

    private void Answered(MqttConnAckPacket answer)
    {
        var code = options.Mqtt5 ? (int)answer.ReasonCode : (int)answer.ReturnCode;
        if (code != 0)
        {
            isRefused = true;
            connection?.End(Text(options.Mqtt5 ? $"{answer.ReasonCode}" : $"{answer.ReturnCode}", answer.ReasonString));
            return;
        }
        bool isComplete;
        lock (lifecycle)
        {
            accepted = answer;
            subscriptions.Connected();
            TellOfSubscriptions();
            isComplete = asked.Count == 0;
        }
        if (isComplete) GoUp();
    }

    private void SubscriptionAnswered(MqttSubAckPacket answer)
    {
        var filter = Answered(answer.PacketIdentifier);
        if (filter is not null && answer.ReasonCodes is [>= (MqttSubscribeReasonCode)RefusedFrom and var refusal])
            LogSubscriptionRefused(filter, Text($"{refusal}", answer.ReasonString));
    }

    private void UnsubscriptionAnswered(MqttUnsubAckPacket answer)
    {
        var filter = Answered(answer.PacketIdentifier);
        if (filter is not null && answer.ReasonCodes is [>= (MqttUnsubscribeReasonCode)RefusedFrom and var refusal])
            LogSubscriptionGoesOn(filter, Text($"{refusal}", answer.ReasonString));
    }

    /// <summary>Gives the filter that this request was about; null for a request nobody made. With the last answer the link is up.</summary>
    private string? Answered(ushort request)
    {
        string? filter;
        bool isComplete;
        lock (lifecycle) isComplete = asked.Remove(request, out filter) && asked.Count == 0;
        if (isComplete && state is LinkState.Down) GoUp();
        return filter;
    }

    private void GoUp() => GoUp(
        window: accepted is { ReceiveMaximum: > 0 and var most } ? most : ushort.MaxValue,
        mostPacket: accepted is { MaximumPacketSize: > 0 and < int.MaxValue and var size } ? (int)size : int.MaxValue);

    /// <summary>Tells the broker what it has not been told yet, one filter a packet: some brokers take only few. Under the lock.</summary>
    private void TellOfSubscriptions()
    {
        if (accepted is null || isLeaving) return;
        while (subscriptions.TryTake(out var request))
        {
            do lastRequestId = lastRequestId == ushort.MaxValue ? Outbox.FirstSubscriptionId : ++lastRequestId;
            while (!asked.TryAdd(lastRequestId, request.Filter));
            outbox.Put(Packet(lastRequestId, request));
        }
    }

    private static MqttPacket Packet(ushort id, SubscriptionRequest request) => request.Delivery is { } delivery
        ? new MqttSubscribePacket
        {
            PacketIdentifier = id,
            TopicFilters =
            [
                new()
                {
                    Topic = request.Filter,
                    QualityOfServiceLevel = delivery is Delivery.Sample
                        ? MqttQualityOfServiceLevel.AtMostOnce
                        : MqttQualityOfServiceLevel.AtLeastOnce,
                },
            ],
        }
        : new MqttUnsubscribePacket { PacketIdentifier = id, TopicFilters = [request.Filter] };

    private static string Text(string code, string? reason) => string.IsNullOrEmpty(reason) ? code : $"{code} ({reason})";
}

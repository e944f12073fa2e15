using Armada.Messaging.Link;
using MQTTnet.Adapter;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Armada.Messaging.MqttNet;

/// <content>What the broker says.</content>
public sealed partial class MqttNetLink
{
    private const int RefusedFrom = 128;

    private readonly Dictionary<ushort, Subscription> asked = [];
    private int generation;
    private ushort lastSubscriptionId = ushort.MaxValue;

    private void Handle(byte first, ArraySegment<byte> body)
    {
        if (first >> 4 == (int)MqttControlPacketType.Publish)
        {
            if (!ReceivedMessage.TryRead(first, body, options.Mqtt5, out var message))
                throw new MqttProtocolViolationException("The broker sent a malformed message.");
            Deliver(message);
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

    private void Deliver(in ReceivedMessage message)
    {
        Interlocked.Increment(ref received);
        foreach (var subscription in subscriptions)
        {
            if (!subscription.Matches(message.Topic)) continue;
            try
            {
                subscription.Deliver(message.Topic, message.Payload);
            }
#pragma warning disable CA1031 // The top of the handler's loop: a fault of one handler may end neither the link nor the process.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                CountHandlerFault(fault, subscription.Filter);
            }
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
            generation++;
            AskForSubscriptions();
            isComplete = asked.Count == 0;
        }
        if (isComplete) GoUp();
    }

    private void SubscriptionAnswered(MqttSubAckPacket answer)
    {
        Subscription? subscription;
        bool isComplete;
        lock (lifecycle)
        {
            asked.Remove(answer.PacketIdentifier, out subscription);
            isComplete = asked.Count == 0;
        }
        if (subscription is not null && answer.ReasonCodes is [>= (MqttSubscribeReasonCode)RefusedFrom and var refusal])
            LogSubscriptionRefused(subscription.Filter, Text($"{refusal}", answer.ReasonString));
        if (isComplete && state is LinkState.Down) GoUp();
    }

    private void GoUp() => GoUp(
        window: accepted is { ReceiveMaximum: > 0 and var most } ? most : ushort.MaxValue,
        mostPacket: accepted is { MaximumPacketSize: > 0 and < int.MaxValue and var size } ? (int)size : int.MaxValue);

    /// <summary>Asks for each subscription this connection was not asked for yet, one a packet: some brokers take only few. Under the lock.</summary>
    private void AskForSubscriptions()
    {
        if (accepted is null) return;
        foreach (var subscription in subscriptions)
        {
            if (subscription.AskedOn == generation) continue;
            subscription.AskedOn = generation;
            do lastSubscriptionId = lastSubscriptionId == ushort.MaxValue ? Outbox.FirstSubscriptionId : ++lastSubscriptionId;
            while (!asked.TryAdd(lastSubscriptionId, subscription));
            outbox.Put(new MqttSubscribePacket
            {
                PacketIdentifier = lastSubscriptionId,
                TopicFilters =
                [
                    new()
                    {
                        Topic = subscription.Filter,
                        QualityOfServiceLevel = subscription.Delivery is Delivery.Sample
                            ? MqttQualityOfServiceLevel.AtMostOnce
                            : MqttQualityOfServiceLevel.AtLeastOnce,
                    },
                ],
            });
        }
    }

    private static string Text(string code, string? reason) => string.IsNullOrEmpty(reason) ? code : $"{code} ({reason})";
}

namespace Armada.Mqtt;

/// <summary>One thing to tell the broker: SUBSCRIBE or UNSUBSCRIBE.</summary>
/// <param name="Filter">Topic filter.</param>
/// <param name="Delivery">What to ask for; null ends every subscription to the filter.</param>
internal readonly record struct SubscriptionRequest(string Filter, Delivery? Delivery);

using System.Text;

namespace Armada.Messaging.Link;

/// <summary>One filter and who takes what matches it.</summary>
/// <param name="filter">Topic filter, wildcards and <c>$share/group/</c> allowed.</param>
/// <param name="delivery">Asks for QoS 0 or QoS 1.</param>
/// <param name="handler">Called for every matching message.</param>
internal sealed class Subscription(string filter, Delivery delivery, MessageHandler handler)
{
    private readonly byte[] matched = TopicFilter.WithoutShare(Encoding.UTF8.GetBytes(filter)).ToArray();

    public string Filter => filter;

    public Delivery Delivery => delivery;

    /// <summary>The connection on which it was asked for last; only the link's thread looks at it.</summary>
    public int AskedOn { get; set; }

    public bool Matches(ReadOnlySpan<byte> topic) => TopicFilter.Matches(matched, topic);

    public void Deliver(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload) => handler(topic, payload);
}

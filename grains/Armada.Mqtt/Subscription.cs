using System.Text;

namespace Armada.Mqtt;

/// <summary>One filter and who takes what matches it.</summary>
/// <param name="filter">Topic filter, wildcards and <c>$share/group/</c> allowed.</param>
/// <param name="delivery">Asks for QoS 0 or QoS 1.</param>
/// <param name="handler">Called for every matching message.</param>
internal sealed class Subscription(string filter, Delivery delivery, MessageHandler handler)
{
    private volatile bool hasEnded;

    public string Filter => filter;

    public Delivery Delivery => delivery;

    /// <summary>What the broker matches against, UTF-8: the filter without <c>$share/group/</c>.</summary>
    public byte[] Matched { get; } = TopicFilter.WithoutShare(Encoding.UTF8.GetBytes(filter)).ToArray();

    /// <summary>Whether it may match more than one topic.</summary>
    public bool HasWildcards => Matched.AsSpan().IndexOfAny((byte)'+', (byte)'#') >= 0;

    public bool Matches(ReadOnlySpan<byte> topic) => TopicFilter.Matches(Matched, topic);

    /// <summary>Lets no further message through to the handler.</summary>
    public void End() => hasEnded = true;

    public void Deliver(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!hasEnded) handler(topic, payload);
    }
}

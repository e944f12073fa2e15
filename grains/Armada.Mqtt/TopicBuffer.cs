using System.Text;

namespace Armada.Mqtt;

/// <summary>What an outbox keeps per topic: its name, also as a C library wants it, and the newest sample while the socket is full.</summary>
internal sealed class TopicBuffer
{
    private byte[] sample = [];
    private int length;

    public TopicBuffer(string topic)
    {
        Name = topic;
        Topic = new byte[Encoding.UTF8.GetByteCount(topic) + 1];
        Encoding.UTF8.GetBytes(topic, Topic);
    }

    public string Name { get; }

    /// <summary>UTF-8, ends with a zero.</summary>
    public byte[] Topic { get; }

    /// <summary>Whether a sample waits here.</summary>
    public bool IsWaiting { get; private set; }

    public bool Retain { get; private set; }

    public ReadOnlySpan<byte> Sample => sample.AsSpan(0, length);

    /// <summary>Takes the newest sample in the place of any older one.</summary>
    public void Keep(ReadOnlySpan<byte> payload, bool retain)
    {
        if (sample.Length < payload.Length) sample = new byte[payload.Length];
        payload.CopyTo(sample);
        length = payload.Length;
        Retain = retain;
        IsWaiting = true;
    }

    public void Clear() => IsWaiting = false;
}

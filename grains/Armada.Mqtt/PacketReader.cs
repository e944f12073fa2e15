using MQTTnet.Exceptions;

namespace Armada.Mqtt;

/// <summary>Cuts what comes from the socket into packets, without copying them.</summary>
internal sealed class PacketReader
{
    /// <summary>Bytes of the largest packet taken. Armada's are below 128 KiB.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private const int FirstSize = 64 * 1024;
    private const int MostLengthBytes = 4;

    private byte[] buffer = new byte[FirstSize];
    private int begin;
    private int end;
    private int wanted;

    /// <summary>Where the next bytes go; never empty.</summary>
    public Memory<byte> Room()
    {
        var left = end - begin;
        var size = Math.Max(FirstSize, wanted);
        if (buffer.Length < size || (left == 0 && buffer.Length > size)) Move(new byte[size]);
        else if (buffer.Length - begin < size || end == buffer.Length) Move(buffer);
        return buffer.AsMemory(end);

        void Move(byte[] to)
        {
            buffer.AsSpan(begin, left).CopyTo(to);
            (buffer, begin, end) = (to, 0, left);
        }
    }

    /// <summary>Takes note of bytes read into the <see cref="Room"/>.</summary>
    public void Filled(int count) => end += count;

    /// <summary>Takes the next packet, if it is there whole.</summary>
    /// <param name="first">Its first byte: type and flags.</param>
    /// <param name="body">What follows its length; valid until <see cref="Room"/> is called.</param>
    /// <exception cref="MqttProtocolViolationException">Its length is malformed or too great.</exception>
    public bool TryTake(out byte first, out ArraySegment<byte> body)
    {
        (first, body, wanted) = (0, default, 0);
        var bytes = buffer.AsSpan(begin, end - begin);
        if (bytes.Length < 2) return false;
        int length = 0, at = 1;
        while (true)
        {
            if (at == bytes.Length) return false;
            length |= (bytes[at] & 0x7F) << (7 * (at - 1));
            if ((bytes[at++] & 0x80) == 0) break;
            if (at > MostLengthBytes) throw new MqttProtocolViolationException("The broker sent a packet whose length is malformed.");
        }
        if (length > MostBytes - at) throw new MqttProtocolViolationException($"The broker sent a packet of {length} bytes.");
        wanted = at + length;
        if (bytes.Length < wanted) return false;
        first = bytes[0];
        body = new(buffer, begin + at, length);
        begin += wanted;
        wanted = 0;
        return true;
    }
}

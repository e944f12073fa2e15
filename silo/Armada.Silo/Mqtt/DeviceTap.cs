using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Armada.Core.Frames;

namespace Armada.Silo.Mqtt;

/// <summary>
/// What one device says and is told, as lines of JSON for somebody who looks on. Routing never waits for it: while the reader is slow, the
/// oldest messages are left out.
/// </summary>
internal sealed class DeviceTap : IDisposable
{
    private const int Capacity = 256;

    private readonly TopicRoute[] routes;
    private readonly TimeProvider time;
    private readonly Channel<Message> messages = Channel.CreateBounded<Message>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public DeviceTap(TopicRoute[] routes, TimeProvider time)
    {
        (this.routes, this.time) = (routes, time);
        foreach (var route in routes)
            route.Tapped += Keep;
    }

    /// <summary>Writes a line per message until canceled.</summary>
    public async Task WriteToAsync(Stream output, CancellationToken cancellation)
    {
        await output.FlushAsync(cancellation); // The reader learns that it is heard before the first message.
        var line = new ArrayBufferWriter<byte>();
        await using var json = new Utf8JsonWriter(line);
        await foreach (var message in messages.Reader.ReadAllAsync(cancellation))
        {
            Write(json, message);
            await json.FlushAsync(cancellation);
            line.Write("\n"u8);
            await output.WriteAsync(line.WrittenMemory, cancellation);
            await output.FlushAsync(cancellation);
            line.ResetWrittenCount();
            json.Reset();
        }
    }

    public void Dispose()
    {
        foreach (var route in routes)
            route.Tapped -= Keep;
    }

    private void Keep(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload) =>
        messages.Writer.TryWrite(new Message(time.GetUtcNow(), Encoding.UTF8.GetString(topic), payload.ToArray()));

    private static void Write(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteString("at", message.At);
        json.WriteString("topic", message.Topic);
        if (message.Payload is [(byte)'{', ..])
        {
            json.WritePropertyName("message");
            WriteJson(json, message.Payload);
        }
        else
        {
            json.WriteStartArray("frames");
            ReadOnlySpan<byte> left = message.Payload;
            while (!left.IsEmpty && FrameCodec.TryRead(ref left, out var frame, out _))
                Write(json, frame);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteJson(Utf8JsonWriter json, byte[] text)
    {
        try
        {
            json.WriteRawValue(text);
        }
        catch (JsonException)
        {
            json.WriteStringValue(Encoding.UTF8.GetString(text)); // The device says what is no JSON; that is worth seeing.
        }
    }

    private static void Write(Utf8JsonWriter json, in FrameView frame)
    {
        var header = frame.Header;
        json.WriteStartObject();
        json.WriteNumber("sequence", header.Sequence);
        json.WriteNumber("epoch", header.Epoch);
        json.WriteNumber("captured_at_us", header.CapturedAt);
        json.WriteNumber("time_to_live_ms", header.TimeToLiveMs);
        json.WriteNumber("flags", (byte)header.Flags);
        json.WriteStartArray("positions");
        for (var joint = 0; joint < header.Joints; joint++)
        {
            if (FrameCodec.ToUnits(frame[joint]) is var position && double.IsNaN(position))
                json.WriteNullValue();
            else
                json.WriteNumberValue(position);
        }

        json.WriteEndArray();
        if (frame.HasEcho)
        {
            json.WriteStartObject("echo");
            json.WriteNumber("sequence", frame.Echo.Sequence);
            json.WriteNumber("captured_at_us", frame.Echo.CapturedAt);
            json.WriteNumber("held_us", frame.Echo.HeldMicros);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private sealed record Message(DateTimeOffset At, string Topic, byte[] Payload);
}

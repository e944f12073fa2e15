using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Armada.Testing.Network;

/// <summary>A metric as it was sent; bounds are a histogram's, and none of others.</summary>
public sealed record OtlpMetric(IReadOnlyDictionary<string, string> Resource, string Name, string Unit, IReadOnlyList<double> Bounds);

/// <summary>A span as it was sent; ids in hexadecimal, the parent's empty for a root.</summary>
public sealed record OtlpSpan(IReadOnlyDictionary<string, string> Resource, string Name, string Trace, string Id, string Parent);

/// <summary>A log entry as it was sent.</summary>
public sealed record OtlpLog(IReadOnlyDictionary<string, string> Resource, string Text);

/// <summary>An OpenTelemetry collector on loopback that takes OTLP over HTTP, decodes what it is sent and keeps it.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<(string Path, string Body)> received = new();
    private readonly Task serving;

    public OtlpCollector()
    {
        Address = $"http://127.0.0.1:{FreePort.Next()}";
        listener.Prefixes.Add(Address + "/");
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>For OTEL_EXPORTER_OTLP_ENDPOINT.</summary>
    public string Address { get; }

    public ConcurrentQueue<OtlpMetric> Metrics { get; } = new();

    public ConcurrentQueue<OtlpSpan> Spans { get; } = new();

    public ConcurrentQueue<OtlpLog> Logs { get; } = new();

    /// <summary>The standard variables that make a program export here, often.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "300",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "300",
    };

    /// <summary>Whether an export to a path, such as /v1/metrics, had a text anywhere in it. Protobuf carries texts as plain UTF-8.</summary>
    public bool Got(string path, string text) => received.Any(export => export.Path == path && export.Body.Contains(text, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Close();
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                received.Enqueue((context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray())));
                Decode(context.Request.Url!.AbsolutePath, body.ToArray());
                context.Response.Close();
            }
            catch (HttpListenerException) when (!listener.IsListening)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    // Requests of all three signals are built alike: resource, scope, items. Numbers are those of the fields in opentelemetry-proto.
    private void Decode(string path, byte[] body)
    {
        foreach (var group in new ProtoMessage(body).All(1))
        {
            var resource = group.One(1).All(1).ToDictionary(tag => tag.Text(1), tag => tag.One(2).Text(1));
            foreach (var item in group.All(2).SelectMany(scope => scope.All(2)))
            {
                if (path == "/v1/metrics")
                    Metrics.Enqueue(new(resource, item.Text(1), item.Text(3), item.One(9).All(1).FirstOrDefault()?.Doubles(7) ?? []));
                else if (path == "/v1/traces")
                    Spans.Enqueue(new(resource, item.Text(5), item.Hex(1), item.Hex(2), item.Hex(4)));
                else
                    Logs.Enqueue(new(resource, item.One(5).Text(1)));
            }
        }
    }

    /// <summary>A message of Protocol Buffers: the fields that have a length.</summary>
    private sealed class ProtoMessage
    {
        private readonly List<(int Field, byte[] Value)> fields = [];

        public ProtoMessage(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var tag = Varint(ref bytes);
                switch (tag & 7)
                {
                    case 0:
                        Varint(ref bytes);
                        break;
                    case 1:
                        bytes = bytes[sizeof(ulong)..];
                        break;
                    case 2:
                        var length = (int)Varint(ref bytes);
                        fields.Add(((int)(tag >> 3), bytes[..length].ToArray()));
                        bytes = bytes[length..];
                        break;
                    case 5:
                        bytes = bytes[sizeof(uint)..];
                        break;
                    default:
                        throw new InvalidDataException($"wire type {tag & 7}");
                }
            }
        }

        public IEnumerable<ProtoMessage> All(int field) => fields.Where(each => each.Field == field).Select(each => new ProtoMessage(each.Value));

        public ProtoMessage One(int field) => All(field).FirstOrDefault() ?? new ProtoMessage([]);

        public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

        public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

        public double[] Doubles(int field) => MemoryMarshal.Cast<byte, double>(Bytes(field)).ToArray();

        private byte[] Bytes(int field) => fields.Find(each => each.Field == field).Value ?? [];

        private static ulong Varint(ref ReadOnlySpan<byte> bytes)
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                var digit = bytes[0];
                bytes = bytes[1..];
                value |= (ulong)(digit & 0x7F) << shift;
                if (digit < 0x80)
                    return value;
            }
        }
    }
}

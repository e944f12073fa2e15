using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Armada.Testing.Network;

/// <summary>An OpenTelemetry collector on loopback that takes OTLP over HTTP and keeps what it was sent.</summary>
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

    /// <summary>The standard variables that make a program export here, often.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "300",
    };

    /// <summary>Whether an export to a path, such as /v1/metrics, had all these texts in it. Protobuf carries names as plain UTF-8.</summary>
    public bool Got(string path, params string[] texts) =>
        received.Any(export => export.Path == path && texts.All(text => export.Body.Contains(text, StringComparison.Ordinal)));

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
}

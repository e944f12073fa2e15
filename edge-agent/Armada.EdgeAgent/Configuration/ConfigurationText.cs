using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Armada.EdgeAgent.Configuration;

/// <summary>The text of a configuration file: a new one, and additions that leave comments and layout of an old one as they are.</summary>
internal static class ConfigurationText
{
    private static readonly JsonReaderOptions AsRead = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>A whole file; without any device where none is given.</summary>
    public static byte[] New(BrokerSettings broker, string? topicRoot, DeviceSettings? device)
    {
        var root = topicRoot is null ? "" : $"\n  \"topic_root\": {Text(topicRoot)},";
        var devices = device is null ? "[]" : $"[\n    {Text(device)}\n  ]";
        return Encoding.UTF8.GetBytes($$"""
            {
              "broker": {{Text(broker)}},{{root}}
              "devices": {{devices}}
            }

            """);
    }

    /// <summary>Adds a device behind the last one.</summary>
    /// <param name="text">A file that can be read.</param>
    /// <param name="device">The device.</param>
    public static byte[] WithDevice(byte[] text, DeviceSettings device)
    {
        var (begin, end) = DevicesOf(text);
        return end is { } behind ? Insert(text, behind, $",\n    {Text(device)}") : Insert(text, begin, $"\n    {Text(device)}\n  ");
    }

    /// <summary>Adds the broker to a file that has none.</summary>
    public static byte[] WithBroker(byte[] text, BrokerSettings broker)
    {
        var reader = new Utf8JsonReader(text, AsRead);
        reader.Read();
        return Insert(text, (int)reader.BytesConsumed, $"\n  \"broker\": {Text(broker)},");
    }

    /// <summary>A device as it stands in a file.</summary>
    public static string Text(DeviceSettings device) =>
        $$"""{ "name": {{Text(device.Name)}}, "kind": {{Text(device.Kind)}}, "port": {{Text(device.Port)}}, "calibration": {{Text(device.Calibration)}} }""";

    private static string Text(BrokerSettings broker) =>
        $$"""{ "host": {{Text(broker.Host)}}, "port": {{broker.Port}}, "tls": { "ca": {{Text(broker.Tls!.Ca)}}, "certificate": {{Text(broker.Tls.Certificate!)}}, "key": {{Text(broker.Tls.Key!)}}{{(broker.Tls.OtherSigner ? ", \"other_signer\": true" : "")}} } }""";

    private static string Text(string value) => $"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static (int Begin, int? BehindLast) DevicesOf(byte[] text)
    {
        var reader = new Utf8JsonReader(text, AsRead);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals("devices");
            reader.Read();
            if (!isIt)
            {
                reader.Skip();
                continue;
            }

            var begin = (int)reader.BytesConsumed;
            int? behind = null;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                reader.Skip();
                behind = (int)reader.BytesConsumed;
            }

            return (begin, behind);
        }

        throw new ArgumentException("the file has no devices", nameof(text));
    }

    private static byte[] Insert(byte[] text, int at, string added) => [.. text.AsSpan(0, at), .. Encoding.UTF8.GetBytes(added), .. text.AsSpan(at)];
}

using System.Globalization;
using System.Text.Json;

namespace Armada.Silo.Panel;

/// <summary>What a watcher says; members that are not known are ignored.</summary>
internal sealed record SubscriberMessage(string? Type)
{
    /// <summary>The type of a message, or null; never throws.</summary>
    /// <param name="message">What came.</param>
    /// <param name="problem">What to say where it is no type that is understood.</param>
    public static string? TypeOf(ReadOnlySpan<byte> message, out string problem)
    {
        try
        {
            problem = "a watcher says heartbeat and nothing else";
            return JsonSerializer.Deserialize(message, SubscriberJson.Default.SubscriberMessage)?.Type;
        }
        catch (JsonException refused)
        {
            problem = string.Create(
                CultureInfo.InvariantCulture, $"a message is a JSON object with a type; it ends making sense at byte {refused.BytePositionInLine ?? 0}");
            return null;
        }
    }
}

/// <summary>What a watcher is answered.</summary>
internal sealed record SubscriberAnswer(string Type, DateTimeOffset At, string? Code = null, string? Message = null);

using System.Text.Json.Serialization;

namespace Armada.Silo.Panel;

[JsonSerializable(typeof(PanelState))]
internal sealed partial class PanelJson : JsonSerializerContext;

/// <summary>What watchers say is read leniently: a newer panel may say more than this silo knows.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 16)]
[JsonSerializable(typeof(SubscriberMessage))]
[JsonSerializable(typeof(SubscriberAnswer))]
internal sealed partial class SubscriberJson : JsonSerializerContext;

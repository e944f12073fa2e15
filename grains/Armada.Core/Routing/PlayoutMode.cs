using System.Text.Json.Serialization;

namespace Armada.Core.Routing;

/// <summary>What a follower's playout puts first where the network's delay varies.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlayoutMode>))]
public enum PlayoutMode
{
    [JsonStringEnumMemberName("quick")] Quick, // Least delay: it waits for the median frame, up to 100 ms.
    [JsonStringEnumMemberName("balanced")] Balanced, // It waits for nine frames of ten, up to 200 ms.
    [JsonStringEnumMemberName("smooth")] Smooth, // It waits for nearly every frame, up to 300 ms.
}

using System.Text.Json.Serialization;
using Armada.Core.Control;

namespace Armada.EdgeAgent.Stops;

/// <summary>The one-line JSON answer to a command on the control socket.</summary>
/// <param name="Ok">Whether it was done.</param>
/// <param name="Stopped">Whether the agent's own stop is latched now.</param>
/// <param name="Error">Why it was not done.</param>
/// <param name="StoppedBySilo">Devices that a stop of the silo's still holds.</param>
/// <param name="Devices">With status: each device's presence.</param>
public sealed record ControlAnswer(
    bool Ok,
    bool Stopped,
    string? Error = null,
    IReadOnlyList<string>? StoppedBySilo = null,
    IReadOnlyDictionary<string, Presence>? Devices = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlAnswerJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using Armada.Domain.Robots;

namespace Armada.Silo.Store;

/// <summary>A robot's file.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Robot">The robot.</param>
internal sealed record StoredRobot(int Format, RobotDocument Robot);

/// <summary>The fleet's file.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Stopped">Whether the fleet's stop is latched.</param>
internal sealed record StoredFleet(int Format, bool Stopped);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredRobot))]
[JsonSerializable(typeof(StoredFleet))]
internal sealed partial class StoredJson : JsonSerializerContext;

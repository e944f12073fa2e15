using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Armada.Core.Robots;
using Armada.Silo.Api;
using Armada.Silo.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Rooms;

/// <summary>Answers in the shape of RobotHub's server: errors are <c>{"detail": …}</c> and no problem details.</summary>
internal static class RoomAnswers
{
    /// <summary>The answer about a room that is not there.</summary>
    public static IResult NoRoom { get; } = Error(StatusCodes.Status404NotFound, "Room not found");

    /// <summary>A success.</summary>
    public static IResult Ok<T>(T answer, JsonTypeInfo<T> type) => TypedResults.Json(answer, type);

    /// <summary>An error in a sentence.</summary>
    public static IResult Error(int status, string detail) => Error(status, JsonValue.Create(detail));

    /// <summary>What is wrong with a request.</summary>
    public static IResult Faults(RoomFaults faults) => Error(StatusCodes.Status422UnprocessableEntity, faults.All);

    /// <summary>A refusal of the robot's.</summary>
    public static IResult Refuse(Refusal refusal) => Error(Problem.Of(refusal.Reason).Status, refusal.Text);

    /// <summary>Words errors that come before a route's own code, such as a body that is too large.</summary>
    public static async ValueTask<object?> FilterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (BadHttpRequestException bad)
        {
            return Error(bad.StatusCode, bad.Message);
        }
        catch (NotStoredException failed)
        {
            return Error(Problem.NotStored.Status, failed.Message);
        }
    }

    private static JsonHttpResult<ErrorAnswer> Error(int status, JsonNode detail) =>
        TypedResults.Json(new ErrorAnswer(detail), RoomsJson.Default.ErrorAnswer, statusCode: status);
}

/// <summary>Who is in a room: the robot's master, whatever it is, and its slaves.</summary>
internal sealed record ParticipantsView(string? Producer, IReadOnlyList<string> Consumers, int Total)
{
    /// <summary>Those of a robot.</summary>
    public static ParticipantsView Of(RobotSnapshot robot)
    {
        string[] consumers = [.. robot.Slaves.Concat(robot.UnboundSlaves).Select(slave => slave.Binding.Name)];
        return new(robot.Master?.Name, consumers, consumers.Length + (robot.Master is null ? 0 : 1));
    }
}

/// <summary>A room in a list.</summary>
internal sealed record RoomView(string Id, string WorkspaceId, ParticipantsView Participants, int JointsCount);

/// <summary>One room.</summary>
internal sealed record RoomInfoView(
    string Id, string WorkspaceId, ParticipantsView Participants, int JointsCount, bool HasProducer, int ActiveConsumers);

/// <summary>Where a room's joints are.</summary>
internal sealed record RoomStateView(
    string RoomId, string WorkspaceId, IReadOnlyDictionary<string, double> Joints, ParticipantsView Participants, string Timestamp);

internal sealed record RoomListAnswer(bool Success, string WorkspaceId, IReadOnlyList<RoomView> Rooms, int Total);

internal sealed record RoomCreatedAnswer(bool Success, string WorkspaceId, string RoomId, string Message);

internal sealed record RoomAnswer(bool Success, RoomInfoView Room);

internal sealed record RoomDeletedAnswer(bool Success, string Message);

internal sealed record RoomStateAnswer(bool Success, RoomStateView State);

internal sealed record CommandAnswer(bool Success, string WorkspaceId, string RoomId, int JointsUpdated, string Message);

internal sealed record CleanupSettings(bool Enabled, double InactivityTimeoutHours, double CleanupIntervalMinutes);

internal sealed record RoomsStatus(
    string Service,
    string Status,
    int WorkspacesCount,
    int RoomsCount,
    int ConnectionsCount,
    string Version,
    IReadOnlyList<string> SupportedRoles,
    IReadOnlyList<string> SupportedRobotTypes,
    CleanupSettings Cleanup);

internal sealed record ServiceHealth(string Status, string Service);

internal sealed record ServerHealth(string Status, bool ServerRunning);

internal sealed record CombinedHealth(string Status, bool ServerRunning, bool FrontendEnabled, bool ApiAvailable);

/// <summary>A room that was made as one, and how long it has been idle.</summary>
internal sealed record RoomAge(
    string WorkspaceId, string RoomId, double AgeMinutes, double InactivityMinutes, bool HasConnections, bool WillBeCleaned);

internal sealed record CleanupStatus(
    string Service,
    bool CleanupEnabled,
    double InactivityTimeoutMinutes,
    double CleanupIntervalMinutes,
    int TotalRooms,
    IReadOnlyList<RoomAge> Rooms,
    string Timestamp);

internal sealed record CleanupStatusAnswer(bool Success, [property: JsonPropertyName("cleanup_status")] CleanupStatus Status);

internal sealed record CleanupResult(bool CleanupTriggered, int RoomsBefore, int RoomsAfter, int RoomsRemoved, string Timestamp);

internal sealed record CleanupAnswer(bool Success, [property: JsonPropertyName("cleanup_result")] CleanupResult Result);

/// <summary>An error as RobotHub's server words it: a sentence, or a list of what is wrong with the request.</summary>
internal sealed record ErrorAnswer(JsonNode Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RoomListAnswer))]
[JsonSerializable(typeof(RoomCreatedAnswer))]
[JsonSerializable(typeof(RoomAnswer))]
[JsonSerializable(typeof(RoomDeletedAnswer))]
[JsonSerializable(typeof(RoomStateAnswer))]
[JsonSerializable(typeof(CommandAnswer))]
[JsonSerializable(typeof(RoomsStatus))]
[JsonSerializable(typeof(ServiceHealth))]
[JsonSerializable(typeof(ServerHealth))]
[JsonSerializable(typeof(CombinedHealth))]
[JsonSerializable(typeof(CleanupStatusAnswer))]
[JsonSerializable(typeof(CleanupAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
internal sealed partial class RoomsJson : JsonSerializerContext;

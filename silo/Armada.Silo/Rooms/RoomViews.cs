using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Armada.Silo.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Rooms;

/// <summary>Answers in RobotHub's form: errors are <c>{"detail": …}</c>, not problem details.</summary>
internal static class RoomResults
{
    public static IResult RoomNotFound { get; } = Error(StatusCodes.Status404NotFound, "Room not found");

    public static IResult Ok<T>(T answer, JsonTypeInfo<T> type) => TypedResults.Json(answer, type);

    public static IResult Error(int status, string detail) => Error(status, JsonValue.Create(detail));

    public static IResult Invalid(RoomRequestErrors errors) => Error(StatusCodes.Status422UnprocessableEntity, errors.All);

    public static IResult Refuse(Refusal refusal) => Error(Problem.Of(refusal.Reason).Status, refusal.Text);

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

/// <param name="Producer">The robot's master, of whatever kind; null without one.</param>
internal sealed record ParticipantsView(string? Producer, IReadOnlyList<string> Consumers, int Total)
{
    public static ParticipantsView Of(RobotSnapshot robot)
    {
        string[] consumers = [.. robot.Slaves.Concat(robot.UnboundSlaves).Select(slave => slave.Binding.Name)];
        return new(robot.Master?.Name, consumers, consumers.Length + (robot.Master is null ? 0 : 1));
    }
}

internal sealed record RoomView(string Id, string WorkspaceId, ParticipantsView Participants, int JointsCount);

internal sealed record RoomInfoView(
    string Id, string WorkspaceId, ParticipantsView Participants, int JointsCount, bool HasProducer, int ActiveConsumers);

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

/// <param name="Detail">A sentence, or the list of a request's errors.</param>
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

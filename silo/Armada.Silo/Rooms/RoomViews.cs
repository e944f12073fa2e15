using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Armada.Silo.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Rooms;

/// <summary>Answers in RobotHub's form: errors are <c>{"detail": …}</c>, not problem details.</summary>
internal static class RoomResults
{
    public static IResult RoomNotFound => Error(StatusCodes.Status404NotFound, "Room not found");

    public static IResult Ok(JsonObject answer) => TypedResults.Ok(answer);

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

    public static JsonObject Participants(RobotSnapshot robot)
    {
        JsonNode?[] consumers = [.. robot.Slaves.Concat(robot.UnboundSlaves).Select(slave => slave.Binding.Name)];
        return new()
        {
            ["producer"] = robot.Master?.Name, // The robot's master, of whatever kind.
            ["consumers"] = new JsonArray(consumers),
            ["total"] = consumers.Length + (robot.Master is null ? 0 : 1),
        };
    }

    private static JsonHttpResult<JsonObject> Error(int status, JsonNode detail) =>
        TypedResults.Json(new JsonObject { ["detail"] = detail }, statusCode: status);
}

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

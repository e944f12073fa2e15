using System.Text.Json.Nodes;
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

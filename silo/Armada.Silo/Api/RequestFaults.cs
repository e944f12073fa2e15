using System.Text.Json;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>KeyedLock bodies that could not be read, and robots out of reach, into problems; anything else is a fault of ours.</summary>
internal sealed class RequestFaults : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var answer = exception switch
        {
            BadHttpRequestException bad => Answer(bad),
            EngineUnreachableException unreachable => Problem.RobotUnreachable.Answer(unreachable.Message),
            RegistryFailedException failed => Problem.RegistryFailed.Answer(failed.Message),
            _ => null,
        };
        if (answer is null)
            return false;
        await answer.ExecuteAsync(httpContext);
        return true;
    }

    private static ProblemHttpResult Answer(BadHttpRequestException bad) => bad switch
    {
        { InnerException: JsonException { InnerException: JsonException } json } => Problem.NotJson.Answer(json.Message),
        { InnerException: JsonException json } => Problem.WrongFields(new Dictionary<string, string> { [Field(json)] = Reason(json) }),
        { StatusCode: StatusCodes.Status400BadRequest } => Problem.BadRequest.Answer(bad.Message),
        _ => TypedResults.Problem(bad.Message, statusCode: bad.StatusCode, type: Problem.TypeOf(bad.StatusCode)),
    };

    private static string Field(JsonException json) => json.Path is null or "$" ? "body" : json.Path.TrimStart('$', '.');

    // The library's sentences name types and byte positions, which are of no use to a caller.
    private static string Reason(JsonException json) =>
        json.Message.Contains("could not be mapped", StringComparison.Ordinal) ? "is no member here"
        : json.Message.IndexOf("missing required properties", StringComparison.Ordinal) is var at and >= 0 ? json.Message[at..]
        : "has the wrong type or is null";
}

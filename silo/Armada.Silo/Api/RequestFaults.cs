using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>Turns bodies that could not be read into problems that name the field; anything else is a fault of ours.</summary>
internal sealed class RequestFaults : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException bad)
            return false;
        await Answer(bad).ExecuteAsync(httpContext);
        return true;
    }

    private static ProblemHttpResult Answer(BadHttpRequestException bad) => bad switch
    {
        { InnerException: JsonException { InnerException: JsonException } json } => Problem.NotJson.Answer(json.Message),
        { InnerException: JsonException json } => Problem.WrongFields(new Dictionary<string, string> { [Field(json)] = Reason(json) }),
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problem.TooLarge.Answer($"a body may have {ApiHost.MaxBodyBytes} bytes"),
        _ => TypedResults.Problem(bad.Message, statusCode: bad.StatusCode, type: Problem.TypeOf(bad.StatusCode)),
    };

    private static string Field(JsonException json) => json.Path is null or "$" ? "body" : json.Path.TrimStart('$', '.');

    // The library's sentence ends with type names and byte positions, which are of no use to a caller.
    private static string Reason(JsonException json) => json.Message.Split(" Path: ", 2)[0].Replace("Armada.Silo.Api.", "", StringComparison.Ordinal);
}

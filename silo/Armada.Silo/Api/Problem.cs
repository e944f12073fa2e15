using System.Text.Json;
using Armada.Core.Engine;
using Armada.Grains.Storage;
using Armada.Silo.Store;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.OpenApi;

namespace Armada.Silo.Api;

/// <summary>A kind of problem the API answers with (RFC 9457). The type is stable; programs may rely on it.</summary>
/// <param name="Title">What it is, the same every time.</param>
internal sealed record Problem(string Name, int Status, string Title)
{
    private const string Prefix = "urn:armada:problem:";

    public static readonly Problem RobotUnknown = new("robot-unknown", 404, "The robot does not exist");
    public static readonly Problem MasterNone = new("master-none", 404, "The robot has no master");
    public static readonly Problem SlaveUnknown = new("slave-unknown", 404, "The robot does not have this slave");
    public static readonly Problem RobotExists = new("robot-exists", 409, "The robot exists with other joints");
    public static readonly Problem MasterHeld = new("master-held", 409, "Another master is bound");
    public static readonly Problem DeviceBusy = new("device-busy", 409, "The device serves another robot or role");
    public static readonly Problem PanelLocked = new("panel-locked", 409, "A master is attached; manual control is locked");
    public static readonly Problem NotMaster = new("not-master", 409, "The caller does not hold the lease");
    public static readonly Problem Stopped = new("stopped", 409, "A stop is latched");
    public static readonly Problem NothingPlays = new("nothing-plays", 409, "No sequence is playing");
    public static readonly Problem NameTaken = new("name-taken", 409, "Another slave of the robot has this name");
    public static readonly Problem VersionChanged = new("version-changed", 412, "It has been changed since");
    public static readonly Problem KeyUnknown = new("key-unknown", 404, "The key does not exist");
    public static readonly Problem KeyExists = new("key-exists", 409, "The name is in use by a valid key");
    public static readonly Problem LastAdminKey = new("last-admin-key", 409, "No admin key would be left");
    public static readonly Problem TooManyKeys = new("too-many-keys", 409, "There are too many valid keys");
    public static readonly Problem SequenceUnknown = new("sequence-unknown", 404, "The sequence does not exist");
    public static readonly Problem SequenceExists = new("sequence-exists", 409, "The sequence exists with different content");
    public static readonly Problem SequenceBuiltIn = new("sequence-built-in", 409, "The sequence is built in and cannot be changed");
    public static readonly Problem TooManySequences = new("too-many-sequences", 409, "There are too many sequences");
    public static readonly Problem Invalid = new("invalid", 422, "A value is missing, unknown or out of range");
    public static readonly Problem NotJson = new("not-json", 400, "The body is not JSON");
    public static readonly Problem BadRequest = new("bad-request", 400, "The request cannot be read");
    public static readonly Problem MediaType = new("media-type", 415, "The body must be application/json");
    public static readonly Problem TooLarge = new("too-large", 413, "The body is too large");
    public static readonly Problem NotStored = new("not-stored", 503, "The change could not be made durable");
    public static readonly Problem RobotUnreachable = new("robot-unreachable", 503, "The robot's silo cannot be reached");
    public static readonly Problem StorageUnreadable = new("storage-unreadable", 503, "The storage cannot be read now");
    public static readonly Problem ProviderUnreachable = new("provider-unreachable", 503, "The provider of the token cannot be reached");
    public static readonly Problem Unauthorized = new("unauthorized", 401, "No valid key or token was given");
    public static readonly Problem Forbidden = new("forbidden", 403, "The caller's role is not sufficient");
    public static readonly Problem TooManyRequests = new("too-many-requests", 429, "The caller sends too many requests");
    public static readonly Problem TooManySockets = new("too-many-sockets", 429, "Too many WebSockets are open");
    public static readonly Problem ForeignOrigin = new("foreign-origin", 403, "The request comes from another web site");
    public static readonly Problem WebSocketOnly = new("websocket-only", 426, "This address serves WebSockets only");
    public static readonly Problem DeviceUnknown = new("device-unknown", 404, "The device does not exist");
    public static readonly Problem DeviceExists = new("device-exists", 409, "A device of this name exists");
    public static readonly Problem DeviceRefused = new("device-refused", 409, "The device refuses it");
    public static readonly Problem DeviceSilent = new("device-silent", 504, "The device does not answer");
    public static readonly Problem RotationPending = new("rotation-pending", 409, "The device has two certificates already");
    public static readonly Problem BundleGone = new("bundle-gone", 410, "The bundle was collected or has expired");
    public static readonly Problem TokenUnknown = new("token-unknown", 404, "The enrollment token does not exist");
    public static readonly Problem TokenRefused = new("token-refused", 403, "The enrollment token is not valid");
    public static readonly Problem TooManyTokens = new("too-many-tokens", 409, "There are too many enrollment tokens");
    public static readonly Problem AuthorityUnknown = new("authority-unknown", 404, "The authority does not exist");
    public static readonly Problem LastAuthority = new("last-authority", 409, "The only authority cannot be retired");
    public static readonly Problem NoRegistry = new("no-registry", 409, "This silo does not issue identities");
    public static readonly Problem RegistryFailed = new("registry-failed", 503, "The device registry failed");
    public static readonly Problem Fault = new("fault", 500, "The silo failed; its log says why");

    public string Type => Prefix + Name;

    /// <summary>The type of a status without a problem of its own, such as of an unknown path.</summary>
    public static string TypeOf(int status) => $"{Prefix}http-{status}";

    public static Problem Of(RefusalReason reason) => reason switch
    {
        RefusalReason.MasterHeld => MasterHeld,
        RefusalReason.DeviceBusy => DeviceBusy,
        RefusalReason.UnknownRobot => RobotUnknown,
        RefusalReason.UnknownSlave => SlaveUnknown,
        RefusalReason.RobotExists => RobotExists,
        RefusalReason.PanelLocked => PanelLocked,
        RefusalReason.NotMaster => NotMaster,
        RefusalReason.Stopped => Stopped,
        RefusalReason.NothingPlays => NothingPlays,
        RefusalReason.NameTaken => NameTaken,
        RefusalReason.VersionChanged => VersionChanged,
        RefusalReason.Invalid => Invalid,
        RefusalReason.NotStored => NotStored,
        RefusalReason.Unreachable => RobotUnreachable,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "no problem is defined for it"),
    };

    public static Problem Of(RegistryRefusalReason reason) => reason switch
    {
        RegistryRefusalReason.Unknown => DeviceUnknown,
        RegistryRefusalReason.Exists => DeviceExists,
        RegistryRefusalReason.RotationPending => RotationPending,
        RegistryRefusalReason.Name or RegistryRefusalReason.Request => Invalid,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "no problem is defined for it"),
    };

    public static ProblemHttpResult Refuse(RegistryRefusal refusal) => refusal.Reason switch
    {
        RegistryRefusalReason.Name => WrongField("name", refusal.Text),
        RegistryRefusalReason.Request => WrongField("csr", refusal.Text),
        var reason => Of(reason).Answer(refusal.Text),
    };

    public static ProblemHttpResult Refuse(Refusal refusal) => Of(refusal.Reason).Answer(refusal.Text);

    public static ProblemHttpResult NoRobot(string id) => RobotUnknown.Answer($"robot {id} does not exist; GET /api/v1/robots lists all");

    public static ProblemHttpResult WrongField(string field, string problem) => WrongFields(new Dictionary<string, string> { [field] = problem });

    public static ProblemHttpResult WrongFields(IReadOnlyDictionary<string, string> errors) =>
        Invalid.Answer(
            string.Join("; ", errors.Select(error => $"{error.Key}: {error.Value}")),
            new Dictionary<string, object?> { ["errors"] = errors.ToDictionary(error => error.Key, error => new[] { error.Value }) });

    public ProblemHttpResult Answer(string detail, IDictionary<string, object?>? extensions = null) =>
        TypedResults.Problem(detail, statusCode: Status, title: Title, type: Type, extensions: extensions);
}

/// <summary>Documents in OpenAPI with which problems each route answers.</summary>
internal static class ProblemDocs
{
    public static TBuilder Refuses<TBuilder>(this TBuilder route, params Problem[] problems)
        where TBuilder : IEndpointConventionBuilder
    {
        return route.WithMetadata([.. Metadata(problems)]);
    }

    /// <summary>Declares what every route may answer because of who asks, how often, and how the request is written.</summary>
    public static RouteGroupBuilder RefusesAsAll(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            var metadata = new EndpointMetadataCollection(endpoint.Metadata);
            List<Problem> problems = [Problem.Unauthorized, Problem.Forbidden, Problem.ForeignOrigin, Problem.ProviderUnreachable, Problem.RobotUnreachable, Problem.BadRequest, Problem.Invalid];
            if (metadata.GetMetadata<DisableRateLimitingAttribute>() is null)
                problems.Add(Problem.TooManyRequests);
            if (metadata.GetMetadata<IAcceptsMetadata>() is not null)
                problems.AddRange([Problem.NotJson, Problem.TooLarge, Problem.MediaType]);
            foreach (var one in Metadata(problems))
                endpoint.Metadata.Add(one);
        });
        return routes;
    }

    public static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var problems = context.Description.ActionDescriptor.EndpointMetadata.OfType<Declared>()
            .SelectMany(declared => declared.Problems).Distinct();
        foreach (var group in problems.GroupBy(problem => problem.Status))
        {
            var status = group.Key.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (operation.Responses?.TryGetValue(status, out var response) == true)
                response.Description = string.Join("; ", group.Select(problem => $"{problem.Title} (`{problem.Type}`)"));
        }

        return Task.CompletedTask;
    }

    private static IEnumerable<object> Metadata(IReadOnlyList<Problem> problems) =>
        problems.Select(problem => problem.Status).Distinct()
            .Select(status => new ProducesResponseTypeMetadata(status, typeof(ProblemDetails), ["application/problem+json"]))
            .Append<object>(new Declared(problems));

    private sealed record Declared(IReadOnlyList<Problem> Problems);
}

/// <summary>Turns unreadable bodies and unreachable robots into problems; anything else is a fault of the silo.</summary>
internal sealed class RequestFaults : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var answer = exception switch
        {
            BadHttpRequestException bad => Answer(bad),
            EngineUnreachableException unreachable => Problem.RobotUnreachable.Answer(unreachable.Message),
            StorageReadException unreadable => Problem.StorageUnreadable.Answer(unreadable.Message),
            RegistryFailedException { InnerException: NotStoredException } failed => Problem.NotStored.Answer(failed.Message),
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
        { InnerException: JsonException json } => Problem.WrongField(Field(json), Reason(json)),
        { StatusCode: StatusCodes.Status400BadRequest } => Problem.BadRequest.Answer(bad.Message),
        _ => TypedResults.Problem(bad.Message, statusCode: bad.StatusCode, type: Problem.TypeOf(bad.StatusCode)),
    };

    private static string Field(JsonException json) => json.Path is null or "$" ? "body" : json.Path.TrimStart('$', '.');

    // The library's messages name types and byte positions, which do not help a caller.
    private static string Reason(JsonException json) =>
        json.Message.Contains("could not be mapped", StringComparison.Ordinal) ? "is unknown"
        : json.Message.IndexOf("missing required properties", StringComparison.Ordinal) is var at and >= 0 ? json.Message[at..]
        : "has the wrong type or is null";
}

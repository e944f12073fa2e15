using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Silo.Access.Keys;
using Armada.Silo.Arena;
using Armada.Silo.Audit;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Silo.Panel;
using Armada.Silo.Provisioning;
using Armada.Silo.Rooms;
using Armada.Silo.Sequences;
using Armada.Silo.Telemetry;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;

namespace Armada.Silo.Api;

/// <summary>The REST API of the host: JSON, problems, OpenAPI and all routes.</summary>
internal static class ApiHost
{
    public static void AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddRouting();
        builder.Services.AddSingleton<RobotCalls>();
        builder.Services.AddSingleton<FleetReader>();
        builder.Services.AddPanel();
        builder.Services.AddExceptionHandler<RequestFaults>();
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = Complete);
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(options => Strict(options.SerializerOptions));
        builder.Services.AddOpenApi(options =>
        {
            options.AddOperationTransformer(ProblemDocs.DescribeAsync);
            options.CompleteDocument();
        });
    }

    public static void UseApi(this WebApplication app, SiloRole role)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAccess();
        app.MapHealth();
        app.MapMetrics();
        if (role == SiloRole.Silo)
            return;
        app.MapOpenApi().Allow(Role.Viewer);
        app.MapPanel();
        app.MapRoomEndpoints();
        var api = app.MapGroup("/api/v1").RefusesAsAll();
        api.MapRobots();
        api.MapMaster();
        api.MapCommands();
        api.MapSlaves();
        api.MapFleet();
        api.MapSequences();
        api.MapKeys();
        api.MapIdentities();
        api.MapJoints();
        api.MapAuthorities();
        api.MapTap();
        api.MapBundles();
        api.MapEnrollment();
        api.MapAudit();
        ArenaEndpoint.Map(app);
        DeviceSocket.Map(app);
    }

    private static void Strict(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.PropertyNameCaseInsensitive = false;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        json.RespectNullableAnnotations = true;
        json.RespectRequiredConstructorParameters = true;
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        json.TypeInfoResolverChain.Insert(0, ApiJson.Default);
    }

    // Answers without a problem of their own, such as of an unknown path, get a type as stable as the others.
    private static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        var known = Array.Find(
            [Problem.Fault, Problem.TooLarge, Problem.MediaType], known => known.Status == problem.Status);
        if (known is not null)
            (problem.Type, problem.Title) = (known.Type, known.Title);
        else if (problem.Type?.StartsWith("urn:", StringComparison.Ordinal) != true)
            problem.Type = Problem.TypeOf(problem.Status ?? context.HttpContext.Response.StatusCode);
        if (known == Problem.TooLarge)
            problem.Detail = $"a body may have at most {MaxBodyOf(context.HttpContext)} bytes";
    }

    // Where the handler threw, the endpoint is with the exception.
    private static long MaxBodyOf(HttpContext context)
    {
        var endpoint = context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint();
        return endpoint?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? RateLimits.MaxBodyBytes;
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Silo.Rooms;

namespace Armada.Silo.Api;

/// <summary>The HTTP side of the host: limits, JSON, problems, OpenAPI and all routes.</summary>
internal static class ApiHost
{
    /// <summary>Largest body, bytes.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    private static readonly string TooLarge = $"a body may have {MaxBodyBytes} bytes";

    /// <summary>Adds what the routes need.</summary>
    public static void AddApi(this WebApplicationBuilder builder, IReadOnlyList<Uri> urls)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.WebHost.UseUrls([.. urls.Select(url => url.ToString())]);
        builder.Services.AddRouting();
        builder.Services.AddSingleton<RobotReader>();
        builder.Services.AddExceptionHandler<RequestFaults>();
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = Complete);
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(options => Strict(options.SerializerOptions));
        builder.Services.AddOpenApi(options => options
            .AddOperationTransformer(ProblemDocs.DescribeAsync)
            .AddDocumentTransformer((document, _, _) =>
            {
                (document.Info.Title, document.Info.Version) = ("Armada silo", "v1");
                return Task.CompletedTask;
            }));
    }

    /// <summary>Maps every route.</summary>
    public static void UseApi(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use(LoopbackGuard.InvokeAsync);
        app.UseWebSockets();
        app.MapOpenApi();
        app.MapHealth();
        app.MapRoomDoors();
        var api = app.MapGroup("/api/v1");
        api.MapRobots();
        api.MapMaster();
        api.MapSlaves();
        api.MapFleet();
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

    // Answers without words of their own, such as an unknown path, get a type as stable as the others.
    private static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        if (problem.Status == Problem.Fault.Status)
            (problem.Type, problem.Title) = (Problem.Fault.Type, Problem.Fault.Title);
        else if (problem.Status == Problem.TooLarge.Status)
            (problem.Type, problem.Title, problem.Detail) = (Problem.TooLarge.Type, Problem.TooLarge.Title, TooLarge);
        else if (problem.Type?.StartsWith("urn:", StringComparison.Ordinal) != true)
            problem.Type = Problem.TypeOf(problem.Status ?? context.HttpContext.Response.StatusCode);
    }
}

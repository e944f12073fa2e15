using Armada.Silo.Access;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Armada.Silo.Api;

/// <summary>Says in the OpenAPI document with which problems each route answers.</summary>
internal static class ProblemDocs
{
    /// <summary>Declares the problems of a route.</summary>
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
            List<Problem> problems = [Problem.Unauthorized, Problem.Forbidden, Problem.ForeignOrigin, Problem.ProviderUnreachable, Problem.RobotUnreachable, Problem.BadRequest];
            if (!RouteLimits.IsUnlimited(metadata))
                problems.Add(Problem.TooManyRequests);
            if (metadata.GetMetadata<IAcceptsMetadata>() is not null)
                problems.AddRange([Problem.Invalid, Problem.NotJson, Problem.TooLarge, Problem.MediaType]);
            foreach (var one in Metadata(problems))
                endpoint.Metadata.Add(one);
        });
        return routes;
    }

    /// <summary>Writes the declared problems into the responses' descriptions.</summary>
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

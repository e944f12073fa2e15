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
        foreach (var status in problems.Select(problem => problem.Status).Distinct())
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemDetails), ["application/problem+json"]));
        return route.WithMetadata(new Declared(problems));
    }

    /// <summary>Writes the declared problems into the responses' descriptions.</summary>
    public static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var problems = context.Description.ActionDescriptor.EndpointMetadata.OfType<Declared>().SelectMany(declared => declared.Problems);
        foreach (var group in problems.GroupBy(problem => problem.Status))
        {
            var status = group.Key.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (operation.Responses?.TryGetValue(status, out var response) == true)
                response.Description = string.Join("; ", group.Select(problem => $"{problem.Title} (`{problem.Type}`)"));
        }

        return Task.CompletedTask;
    }

    private sealed record Declared(IReadOnlyList<Problem> Problems);
}

using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace Armada.Silo.Api;

/// <summary>Refuses query members that a route does not read: those beside its handler's parameters and the ones it declares.</summary>
internal static class QueryMembers
{
    private static readonly ConditionalWeakTable<Endpoint, FrozenSet<string>> Known = [];

    /// <summary>Declares members that a handler reads by itself.</summary>
    public static TBuilder ReadsQuery<TBuilder>(this TBuilder route, params string[] names)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Declared(names));

    /// <summary>Middleware, after the route is known.</summary>
    public static Task RefuseUnknownAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Query.Count == 0 || context.GetEndpoint() is not RouteEndpoint endpoint)
            return next(context);
        var known = Known.GetValue(endpoint, _ => NamesOf(endpoint));
        var unknown = context.Request.Query.Keys.Where(name => !known.Contains(name)).ToArray();
        if (unknown.Length == 0)
            return next(context);
        var text = known.Count == 0 ? "is unknown; this route has no query members" : $"is unknown; known are {string.Join(", ", known.Order(StringComparer.Ordinal))}";
        return Problem.WrongFields(unknown.ToDictionary(name => name, _ => text)).ExecuteAsync(context);
    }

    // A parameter that can be read from text comes from the path, where that names it, and otherwise from the query.
    private static FrozenSet<string> NamesOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>()
            .Where(parameter => parameter.HasTryParse || parameter.ParameterInfo.ParameterType == typeof(string))
            .Where(parameter => endpoint.RoutePattern.GetParameter(parameter.Name) is null)
            .Select(parameter => JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Name))
            .Concat(endpoint.Metadata.GetOrderedMetadata<Declared>().SelectMany(declared => declared.Names))
            .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private sealed record Declared(string[] Names);
}

using System.Collections.Frozen;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Armada.Silo.Provisioning;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Armada.Silo.Api;

/// <summary>What code generators need of the OpenAPI document: a name for every call, who may make it, and bodies as they are sent.</summary>
internal static class ApiDocument
{
    private const string Token = "bearer";
    private const string Key = "api_key";

    private static readonly FrozenDictionary<Type, string> Examples = new Dictionary<Type, string>
    {
        [typeof(NewRobot)] = """{"id": "arm", "model": "so101"}""",
        [typeof(MasterBody)] = """{"type": "device", "device": "leader-1"}""",
        [typeof(SlaveBody)] = """{"type": "device", "device": "follower-1"}""",
        [typeof(CommandBody)] = """{"joints": [{"name": "gripper", "value": 40}]}""",
        [typeof(NewIdentity)] = """{"name": "leader-1", "kind": "so101-leader"}""",
    }.ToFrozenDictionary();

    public static void CompleteDocument(this OpenApiOptions options) => options
        .AddOperationTransformer(CompleteAsync)
        .AddSchemaTransformer(CorrectAsync)
        .AddDocumentTransformer((document, _, _) =>
        {
            (document.Info.Title, document.Info.Version) = ("Armada silo", "v1");
            document.AddComponent(Token, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key, or a token of the OpenID Connect provider." });
            document.AddComponent(Key, new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = PresentedSecret.Header });
            return Task.CompletedTask;
        });

    /// <summary>The name of a call, such as listRobots, putRobotMaster or stopFleet.</summary>
    /// <param name="method">Such as GET.</param>
    /// <param name="path">Such as "api/v1/robots/{id}".</param>
    public static string NameOf(string method, string path)
    {
        string[] parts = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).SkipWhile(part => part is "api" or "v1")];
        var literals = parts.Select((part, at) => (Part: part, IsOne: at + 1 < parts.Length && parts[at + 1][0] == '{')).Where(one => one.Part[0] != '{').ToList();
        var (last, isOne) = literals[^1];
        var isMany = !isOne && last.EndsWith('s');
        var isAction = method == "POST" && !isMany;
        var verb = isAction ? last : method == "GET" && isMany ? "list" : method == "POST" ? "create" : method.ToLowerInvariant();
        var name = new StringBuilder(verb);
        foreach (var (part, one) in isAction ? literals.SkipLast(1) : literals)
        {
            foreach (var word in (one || (verb == "create" && part == last) ? OneOf(part) : part).Split('-'))
                name.Append(char.ToUpperInvariant(word[0])).Append(word.AsSpan(1));
        }

        return name.ToString();
    }

    private static string OneOf(string many) => many.EndsWith("ies", StringComparison.Ordinal) ? $"{many[..^3]}y" : many.TrimEnd('s');

    private static Task CompleteAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var call = context.Description;
        var metadata = call.ActionDescriptor.EndpointMetadata;
        operation.OperationId = NameOf(call.HttpMethod!, call.RelativePath!);
        if (!metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Description ??= $"Needs the role {KindNames.Of(metadata.OfType<AllowedRole>().LastOrDefault()?.Role ?? Role.Admin)}.";
            operation.Security = [Requires(Token), Requires(Key)];
        }

        foreach (var file in metadata.OfType<IProducesResponseTypeMetadata>().Where(answer => answer.Type is null || answer.Type == typeof(void)))
        {
            if (operation.Responses?.GetValueOrDefault($"{file.StatusCode}") is not OpenApiResponse response)
                continue;
            foreach (var type in file.ContentTypes)
                (response.Content ??= new Dictionary<string, OpenApiMediaType>())[type] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
        }

        return Task.CompletedTask;

        OpenApiSecurityRequirement Requires(string scheme) => new() { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [] };
    }

    private static Task CorrectAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = context.JsonTypeInfo.Type;
        if (Examples.TryGetValue(type, out var example))
            schema.Examples = [JsonNode.Parse(example)!];
        if (type == typeof(ProblemDetails))
        {
            schema.AdditionalPropertiesAllowed = true;
            schema.Required = new HashSet<string> { "type", "title", "status" };
            var errors = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } };
            schema.Properties!["errors"] = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = errors, Description = "What is wrong, by field." };
            schema.Properties["trace_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Names the request in logs and traces." };
        }

        foreach (var property in context.JsonTypeInfo.Properties.Where(IsLeftOut))
            schema.Required?.Remove(property.Name);
        return Task.CompletedTask;
    }

    private static bool IsLeftOut(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true).OfType<JsonIgnoreAttribute>()
            .Any(ignored => ignored.Condition is JsonIgnoreCondition.WhenWritingNull or JsonIgnoreCondition.WhenWritingDefault) == true;
}

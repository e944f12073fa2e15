using System.Globalization;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Armada.Tests.Silo.Support;

/// <summary>Checks each answer that passes against the OpenAPI document: its status, its media type and, where that is JSON, its body.</summary>
internal sealed class DocumentedAnswers(JsonNode document) : DelegatingHandler(new SocketsHttpHandler())
{
    private const string Components = "#/components/schemas/";

    private static readonly EvaluationOptions Listing = new() { OutputFormat = OutputFormat.List };

    private readonly JsonObject paths = document["paths"]!.AsObject();
    private readonly string schemas = document["components"]!["schemas"]!.ToJsonString();

    /// <summary>The calls and statuses that were checked, such as "get /readyz 200".</summary>
    public SortedSet<string> Checked { get; } = new(StringComparer.Ordinal);

    /// <summary>Why a value is not as a schema of the document says; null where it is.</summary>
    public string? WrongBy(JsonNode schema, JsonNode? value)
    {
        var text = $$"""{"allOf": [{{schema.ToJsonString()}}], "$defs": {{schemas}}}""".Replace(Components, "#/$defs/", StringComparison.Ordinal);
        var result = JsonSchema.FromText(text).Evaluate(value, Listing);
        return result.IsValid
            ? null
            : string.Join("; ", result.Details.Where(one => one.HasErrors).Select(one => $"{one.InstanceLocation}: {string.Join(", ", one.Errors!.Values)}"));
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var path = paths.Select(one => one.Key).Single(template => Matches(template, request.RequestUri!.AbsolutePath));
        var method = request.Method.Method.ToLowerInvariant();
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        var call = $"{method} {path} {status}";
        Checked.Add(call);
        var documented = paths[path]![method]!["responses"]![status];
        Assert.True(documented is not null, $"{call} is not documented");
        if (response.Content.Headers.ContentType?.MediaType is not { } type)
        {
            Assert.True(documented["content"] is null, $"{call} has no body, which is documented");
            return response;
        }

        var schema = documented["content"]?[type]?["schema"];
        Assert.True(schema is not null, $"{call} does not document {type}");
        if (type.EndsWith("json", StringComparison.Ordinal))
        {
            var wrong = WrongBy(schema, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken)));
            Assert.True(wrong is null, $"{call}: {wrong}");
        }

        return response;
    }

    private static bool Matches(string template, string path)
    {
        var (wanted, given) = (template.Split('/'), path.Split('/'));
        return wanted.Length == given.Length && wanted.Zip(given).All(pair => pair.First.StartsWith('{') || pair.First == pair.Second);
    }
}

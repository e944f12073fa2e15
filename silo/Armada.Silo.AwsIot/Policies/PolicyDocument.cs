using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Armada.Silo.AwsIot.Policies;

/// <summary>What a policy allows; all else is denied.</summary>
/// <param name="arnPrefix">What full names in this account and region begin with, such as <c>arn:aws:iot:eu-central-1:123456789012:</c>.</param>
internal sealed class PolicyDocument(string arnPrefix)
{
    /// <summary>Longest document, characters.</summary>
    public const int Longest = 2048;

    // AWS counts characters and variables have '$' and '{', so nothing is escaped that need not be.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonArray statements = [];

    /// <summary>Lets clients connect under these ids.</summary>
    /// <param name="isAttached">Only with a certificate that is attached to the thing of the same name.</param>
    /// <param name="clients">Client ids.</param>
    public PolicyDocument Connect(bool isAttached, params string[] clients)
    {
        var statement = Statement(["iot:Connect"], "client/", clients);
        if (isAttached)
            statement["Condition"] = new JsonObject { ["Bool"] = new JsonObject { ["iot:Connection.Thing.IsAttached"] = "true" } };
        return this;
    }

    /// <summary>Lets them publish on topics.</summary>
    public PolicyDocument Publish(params string[] topics) => Add(["iot:Publish"], "topic/", topics);

    /// <summary>Lets them publish on topics so that the broker keeps the message.</summary>
    public PolicyDocument Retain(params string[] topics) => Add(["iot:RetainPublish"], "topic/", topics);

    /// <summary>Lets them subscribe to filters, and receive on the same topics.</summary>
    public PolicyDocument Hear(params string[] topics) =>
        Add(["iot:Subscribe"], "topicfilter/", topics).Add(["iot:Receive"], "topic/", topics);

    /// <inheritdoc/>
    public override string ToString() =>
        new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = statements.DeepClone() }.ToJsonString(Plain);

    private PolicyDocument Add(string[] actions, string kind, string[] names)
    {
        Statement(actions, kind, names);
        return this;
    }

    private JsonObject Statement(string[] actions, string kind, string[] names)
    {
        var statement = new JsonObject
        {
            ["Effect"] = "Allow",
            ["Action"] = OneOrMore(actions),
            ["Resource"] = OneOrMore([.. names.Select(name => arnPrefix + kind + name)]),
        };
        statements.Add(statement);
        return statement;
    }

    private static JsonNode OneOrMore(string[] texts) =>
        texts is [var one] ? JsonValue.Create(one) : new JsonArray([.. texts.Select(text => (JsonNode)JsonValue.Create(text))]);
}

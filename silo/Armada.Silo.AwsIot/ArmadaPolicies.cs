using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Core.Topics;

namespace Armada.Silo.AwsIot;

/// <summary>The policies of an installation: one for devices, one for each role of a board, and one for silos.</summary>
internal sealed class ArmadaPolicies(AwsIotSettings settings)
{
    private const string Self = "${iot:Connection.Thing.ThingName}";
    private const string Subject = "${iot:Certificate.Subject.CommonName}";
    private const string ShadowDelta = $"$aws/things/{Self}/shadow/update/delta"; // The programs of the boards subscribe to it.
    private const string ClientEvents = "$aws/events/presence/*";

    public string Silo => $"{settings.Prefix}-silo";
    public IReadOnlyList<string> All => [Silo, Device, Board(BoardRole.Leader), Board(BoardRole.Follower)];
    private string Device => $"{settings.Prefix}-device";

    /// <exception cref="ArgumentException">A board without a role.</exception>
    public string Of(DeviceKind kind, BoardRole? role) =>
        kind != DeviceKind.MicroPythonArm ? Device
        : Board(role ?? throw new ArgumentException("a MicroPython board is a leader or a follower", nameof(role)));

    /// <exception cref="RegistryFailedException">A topic root contains a wildcard of policies.</exception>
    public string Document(string name, string arnPrefix)
    {
        if ((settings.Topics.Root + settings.MicroPythonTopics.Root).AsSpan().ContainsAny('*', '?', '$'))
            throw new RegistryFailedException("in a policy of AWS IoT Core '*', '?' and '$' of a topic root match other topics, too: choose roots without them");
        var document = new PolicyDocument(arnPrefix);
        var topics = settings.Topics;
        if (name == Silo)
            return ForSilos(document).ToString();
        document.Connect(true, Self);
        if (name == Device)
        {
            return document
                .Publish(topics.Of(Self, Channel.State), topics.Of(Self, Channel.Presence), topics.Of(Self, Channel.ControlReply))
                .Retain(topics.Of(Self, Channel.Presence))
                .Subscribe(topics.Of(Self, Channel.Command), topics.Of(Self, Channel.Control))
                .ToString();
        }

        var dialect = settings.MicroPythonTopics;
        return name == Board(BoardRole.Leader)
            ? document.Publish(dialect.Of(Self)).Subscribe($"{dialect.Root}/{Self}/action", ShadowDelta).ToString()
            : document.Subscribe(dialect.Of(Self), ShadowDelta).ToString();
    }

    private PolicyDocument ForSilos(PolicyDocument document)
    {
        const string every = "*";
        var (topics, dialect) = (settings.Topics, settings.MicroPythonTopics);
        return document
            .Connect(true, Self)
            .Connect(false, Subject + "-*") // Further links, for whose client ids there are no things: of this silo's certificate alone.
            .Publish(topics.Of(every, Channel.Command), topics.Of(every, Channel.Control), dialect.Of(every))
            .Subscribe(
                topics.Of(every, Channel.State), topics.Of(every, Channel.Presence), topics.Of(every, Channel.ControlReply),
                dialect.Of(every), ClientEvents);
    }

    private string Board(BoardRole role) => role == BoardRole.Leader ? $"{settings.Prefix}-board-leader" : $"{settings.Prefix}-board-follower";
}

/// <summary>A policy: what is not allowed is denied.</summary>
/// <param name="arnPrefix">Prefix of the ARNs in this account and region, such as <c>arn:aws:iot:eu-central-1:123456789012:</c>.</param>
internal sealed class PolicyDocument(string arnPrefix)
{
    /// <summary>Characters.</summary>
    public const int MaxLength = 2048;

    // AWS limits the length, and variables contain '$' and '{': only what must be is escaped.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonArray statements = [];

    public PolicyDocument Connect(bool isAttached, params string[] clients)
    {
        var statement = Statement(["iot:Connect"], "client/", clients);
        if (isAttached)
            statement["Condition"] = new JsonObject { ["Bool"] = new JsonObject { ["iot:Connection.Thing.IsAttached"] = "true" } };
        return this;
    }

    public PolicyDocument Publish(params string[] topics) => Add(["iot:Publish"], "topic/", topics);

    public PolicyDocument Retain(params string[] topics) => Add(["iot:RetainPublish"], "topic/", topics);

    public PolicyDocument Subscribe(params string[] topics) =>
        Add(["iot:Subscribe"], "topicfilter/", topics).Add(["iot:Receive"], "topic/", topics);

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

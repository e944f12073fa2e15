using System.Text.Json.Nodes;
using Armada.Core.Devices;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Silo.AwsIot;

namespace Armada.Tests.AwsIot.Policies;

public sealed class PolicyDocumentTests
{
    private const string Arn = "arn:aws:iot:eu-central-1:123456789012:";
    private const string Self = "${iot:Connection.Thing.ThingName}";

    private static readonly ArmadaPolicies Usual = new(new AwsIotSettings());

    public static TheoryData<string> DevicePolicies => [.. Usual.All.Where(name => name != Usual.Silo)];

    [Fact]
    public void A_device_speaks_and_hears_on_its_own_topics_and_nowhere_else() => Allows(
        Usual.Of(DeviceKind.So101Leader, null),
        $"iot:Connect client/{Self}",
        $"iot:Publish topic/armada/v1/{Self}/state",
        $"iot:Publish topic/armada/v1/{Self}/presence",
        $"iot:Publish topic/armada/v1/{Self}/ctl/reply",
        $"iot:RetainPublish topic/armada/v1/{Self}/presence",
        $"iot:Subscribe topicfilter/armada/v1/{Self}/cmd",
        $"iot:Subscribe topicfilter/armada/v1/{Self}/ctl",
        $"iot:Receive topic/armada/v1/{Self}/cmd",
        $"iot:Receive topic/armada/v1/{Self}/ctl");

    [Fact]
    public void A_boards_leader_speaks_in_its_dialect() => Allows(
        Usual.Of(DeviceKind.MicroPythonArm, BoardRole.Leader),
        $"iot:Connect client/{Self}",
        $"iot:Publish topic/the-project/robotic/{Self}/state",
        $"iot:Subscribe topicfilter/the-project/robotic/{Self}/action",
        $"iot:Subscribe topicfilter/$aws/things/{Self}/shadow/update/delta",
        $"iot:Receive topic/the-project/robotic/{Self}/action",
        $"iot:Receive topic/$aws/things/{Self}/shadow/update/delta");

    [Fact]
    public void A_boards_follower_only_hears() => Allows(
        Usual.Of(DeviceKind.MicroPythonArm, BoardRole.Follower),
        $"iot:Connect client/{Self}",
        $"iot:Subscribe topicfilter/the-project/robotic/{Self}/state",
        $"iot:Subscribe topicfilter/$aws/things/{Self}/shadow/update/delta",
        $"iot:Receive topic/the-project/robotic/{Self}/state",
        $"iot:Receive topic/$aws/things/{Self}/shadow/update/delta");

    [Fact]
    public void A_silo_commands_and_hears_all_devices_but_poses_as_none() => Allows(
        Usual.Silo,
        $"iot:Connect client/{Self}",
        "iot:Connect client/${iot:Certificate.Subject.CommonName}-*",
        "iot:Publish topic/armada/v1/*/cmd",
        "iot:Publish topic/armada/v1/*/ctl",
        "iot:Publish topic/the-project/robotic/*/state",
        "iot:Subscribe topicfilter/armada/v1/*/state",
        "iot:Subscribe topicfilter/armada/v1/*/presence",
        "iot:Subscribe topicfilter/armada/v1/*/ctl/reply",
        "iot:Subscribe topicfilter/the-project/robotic/*/state",
        "iot:Subscribe topicfilter/$aws/events/presence/*",
        "iot:Receive topic/armada/v1/*/state",
        "iot:Receive topic/armada/v1/*/presence",
        "iot:Receive topic/armada/v1/*/ctl/reply",
        "iot:Receive topic/the-project/robotic/*/state",
        "iot:Receive topic/$aws/events/presence/*");

    [Theory]
    [MemberData(nameof(DevicePolicies))]
    public void No_devices_policy_has_a_wildcard_and_each_wants_the_thing_attached(string name)
    {
        var document = Usual.Document(name, Arn);
        Assert.DoesNotContain("*", document, StringComparison.Ordinal);
        var connect = JsonNode.Parse(document)!["Statement"]!.AsArray().Single(statement => statement!["Action"]!.ToString() == "iot:Connect")!;
        Assert.Equal("true", connect["Condition"]!["Bool"]!["iot:Connection.Thing.IsAttached"]!.ToString());
    }

    [Fact]
    public void A_silo_connects_as_its_attached_thing_and_as_no_other_silo()
    {
        var connects = JsonNode.Parse(Usual.Document(Usual.Silo, Arn))!["Statement"]!.AsArray().Where(statement => statement!["Action"]!.ToString() == "iot:Connect").ToArray();
        Assert.All(connects, connect => Assert.DoesNotContain(AwsSilo.NamePrefix, connect!["Resource"]!.ToString(), StringComparison.Ordinal));
        Assert.Equal("true", connects.Single(connect => connect!["Resource"]!.ToString().EndsWith(Self, StringComparison.Ordinal))!["Condition"]!["Bool"]!["iot:Connection.Thing.IsAttached"]!.ToString());
    }

    [Fact]
    public void Usual_policies_are_well_inside_what_AWS_takes() =>
        Assert.All(Usual.All, name => Assert.InRange(Usual.Document(name, "arn:aws-us-gov:iot:us-gov-east-1:123456789012:").Length, 1, PolicyDocument.MaxLength - 200));

    [Fact]
    public void Other_roots_and_prefixes_are_followed()
    {
        var policies = new ArmadaPolicies(new AwsIotSettings
        {
            Prefix = "plant",
            Topics = new TopicMap("a/b/c"),
            MicroPythonTopics = new MicroPythonTopics("d"),
        });
        Assert.All(policies.All, name => Assert.StartsWith("plant-", name, StringComparison.Ordinal));
        Assert.Contains($"topic/a/b/c/{Self}/state", policies.Document("plant-device", Arn), StringComparison.Ordinal);
        Assert.Contains($"topic/d/{Self}/state", policies.Document("plant-board-leader", Arn), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a*")]
    [InlineData("a/b?")]
    [InlineData("${iot:ClientId}")]
    public void A_root_that_would_open_other_topics_is_refused(string root)
    {
        var settings = new AwsIotSettings();
        foreach (var wrong in (AwsIotSettings[])[settings with { Topics = new TopicMap(root) }, settings with { MicroPythonTopics = new MicroPythonTopics(root) }])
            Assert.All(Usual.All, name => Assert.Throws<RegistryFailedException>(() => new ArmadaPolicies(wrong).Document(name, Arn)));
    }

    private static void Allows(string name, params string[] expected)
    {
        var document = JsonNode.Parse(Usual.Document(name, Arn))!;
        Assert.Equal("2012-10-17", document["Version"]!.ToString());
        var allowed = document["Statement"]!.AsArray().SelectMany(statement =>
        {
            Assert.Equal("Allow", statement!["Effect"]!.ToString());
            return Texts(statement["Resource"]!).Select(resource => $"{statement["Action"]} {resource[Arn.Length..]}");
        });
        Assert.Equal(expected.Order(StringComparer.Ordinal), allowed.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Texts(JsonNode node) => node is JsonArray many ? many.Select(one => one!.ToString()) : [node.ToString()];
}

using Amazon.IoT.Model;
using Armada.Core.Devices;
using Armada.Core.Topics;
using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Policies;

[Collection(MotoTests.Name)]
public sealed class PolicyVersionTests(MotoServer moto)
{
    private const string Policy = "armada-device";

    [SkippableFact]
    public async Task A_policy_that_should_say_something_else_gets_a_new_version_and_never_too_many()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        for (var change = 1; change <= 8; change++)
        {
            var silo = rig.Start(settings => settings with { Topics = new TopicMap($"root{change}") });
            await silo.CreateAsync(new NewDevice($"arm-{change}", DeviceKind.Agent), default);
            var now = await rig.View.Client.GetPolicyAsync(new GetPolicyRequest { PolicyName = Policy });
            Assert.Contains($"topic/root{change}/", now.PolicyDocument, StringComparison.Ordinal);
            Assert.Equal(Math.Min(change, 5), await CountVersionsAsync(rig));
        }

        await rig.Start(settings => settings with { Topics = new TopicMap("root8") }).CreateAsync(new NewDevice("arm-9", DeviceKind.Agent), default);
        Assert.Equal(5, await CountVersionsAsync(rig));
    }

    [SkippableFact]
    public async Task Topic_roots_too_long_for_a_policy_are_said_in_words_and_nothing_is_made()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var silo = rig.Start(settings => settings with { Topics = new TopicMap(new string('x', 200)) });
        var failed = await Assert.ThrowsAsync<RegistryFailedException>(async () => await silo.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default));
        Assert.Contains("shorter topic roots", failed.Message, StringComparison.Ordinal);
        Assert.Empty(await rig.View.ThingsAsync());
        Assert.Empty(await rig.View.CertificatesAsync());
    }

    private static async Task<int> CountVersionsAsync(AwsRig rig) =>
        (await rig.View.Client.ListPolicyVersionsAsync(new ListPolicyVersionsRequest { PolicyName = Policy })).PolicyVersions.Count;
}

using Armada.Core.Devices;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Calls;

[Collection(MotoTests.Name)]
public sealed class RetryTests(MotoServer moto)
{
    [SkippableTheory]
    [InlineData(Fate.Throttled, "ThrottlingException")]
    [InlineData(Fate.Fails, "InternalFailureException")]
    [InlineData(Fate.Refused, "AccessDeniedException")]
    [InlineData(Fate.CutAfterwards, "broke off")]
    public async Task What_does_not_pass_fails_in_words_without_a_secret(Fate fate, string text)
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var silo = rig.Start(settings => settings with { RetryFor = TimeSpan.FromSeconds(3) });
        rig.Way.Set(_ => fate);

        var failed = await Assert.ThrowsAsync<RegistryFailedException>(async () => await silo.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default));

        Assert.Contains(text, failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(AwsRig.Who.GetCredentials().SecretKey, failed.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", failed.ToString(), StringComparison.Ordinal);
        Assert.True(fate == Fate.Refused ? rig.Way.Calls == 1 : rig.Way.Calls > 2, $"it was tried {rig.Way.Calls} times");
    }

    [SkippableFact]
    public async Task Where_nobody_listens_it_says_so()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var silo = rig.Start(settings => settings with { RetryFor = TimeSpan.FromMilliseconds(50), Endpoint = new Uri($"http://127.0.0.1:{FreePort.Next()}") });
        var failed = await Assert.ThrowsAsync<RegistryFailedException>(async () => await silo.ListAsync(null, 1, default));
        Assert.Contains("it cannot be reached", failed.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task No_key_and_no_secret_is_in_any_log()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var issued = (await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default)).Issued!;
        rig.Way.Set(call => call < 4 ? Fate.Passes : Fate.Refused);
        await Assert.ThrowsAsync<RegistryFailedException>(async () => await rig.Registry.RotateAsync("arm-1", null, default));
        rig.Way.Heal();
        await rig.Registry.RotateAsync("arm-1", null, default);

        Assert.NotEmpty(logs.Entries);
        Assert.All(logs.Entries, entry =>
        {
            Assert.DoesNotContain("PRIVATE KEY", entry.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(issued.PrivateKey()!.Split('\n')[1], entry.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(AwsRig.Who.GetCredentials().SecretKey, entry.ToString(), StringComparison.Ordinal);
        });
    }
}

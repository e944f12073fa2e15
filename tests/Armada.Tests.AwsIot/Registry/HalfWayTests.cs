using Armada.Core.Devices;
using Armada.Silo.AwsIot;
using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Registry;

/// <summary>
/// Every deed is ended at every one of its calls to AWS: the call is done, but its answer is lost, and nothing gets through any more, not
/// even what would undo it. What is left in the account is then what a silo leaves that is killed there.
/// </summary>
[Collection(MotoTests.Name)]
public sealed class HalfWayTests(MotoServer moto)
{
    private const int MostCalls = 60;

    public static TheoryData<string> Deeds => [.. RegistryDeed.All.Keys];

    [SkippableTheory]
    [MemberData(nameof(Deeds))]
    public Task After_a_restart_the_account_holds_what_the_registry_says(string deed) =>
        AtEveryCallAsync(deed, async (rig, _, about) =>
        {
            var restarted = rig.Start();
            await restarted.RecoverAsync(default);
            await rig.View.IsWhatSaysAsync(restarted, about);
        });

    [SkippableTheory]
    [MemberData(nameof(Deeds))]
    public Task A_repeated_call_completes_it(string deed) =>
        AtEveryCallAsync(deed, async (rig, again, about) =>
        {
            var answer = await again(rig.Registry);
            Assert.True(answer.Refused is null or { Reason: RegistryRefusalReason.Unknown }, $"{answer.Refused}, {about}");
            await rig.View.IsWhatSaysAsync(rig.Registry, about);
        });

    [SkippableTheory]
    [MemberData(nameof(Deeds))]
    public Task A_deletion_leaves_nothing_of_it(string deed) =>
        AtEveryCallAsync(deed, async (rig, _, about) =>
        {
            await rig.Start().DeleteAsync(RegistryDeed.Name, default);
            Assert.True((await rig.View.ThingsAsync()).Count == 0, $"the thing is still there, {about}");
            Assert.True((await rig.View.CertificatesAsync()).Count == 0, $"a certificate is still there, {about}");
        });

    [SkippableFact]
    public async Task What_the_caller_gives_up_half_way_is_undone()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var gone = new CancellationTokenSource();
        rig.Way.Set(call =>
        {
            if (call == 9)
                gone.Cancel();
            return Fate.Passes;
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), gone.Token));

        Assert.True(rig.Way.Calls > 9);
        Assert.Empty(await rig.View.ThingsAsync());
        Assert.Empty(await rig.View.CertificatesAsync());
    }

    private async Task AtEveryCallAsync(string name, Func<AwsRig, Func<IDeviceRegistry, Task<RegistryAnswer>>, string, Task> check)
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        var deed = RegistryDeed.All[name];
        for (var end = 1; end <= MostCalls; end++)
        {
            await using var rig = new AwsRig(moto, logs);
            var client = await deed.Prepare(rig.Registry);
            rig.Way.Set(call => call < end ? Fate.Passes : call == end ? Fate.RefusedAfterwards : Fate.Refused);
            var isDone = await IsDoneAsync(rig.Registry, registry => deed.Do(registry, client));
            if (isDone && rig.Way.Calls < end)
                return;
            var about = $"'{name}' ended at call {end}";
            await rig.View.HasNoUnknownAsync(about);
            rig.Way.Heal();
            await check(rig, registry => deed.Do(registry, client), about);
        }

        Assert.Fail($"'{name}' has more than {MostCalls} calls");
    }

    private static async Task<bool> IsDoneAsync(AwsDeviceRegistry registry, Func<IDeviceRegistry, Task<RegistryAnswer>> deed)
    {
        try
        {
            await deed(registry);
            return true;
        }
        catch (RegistryFailedException)
        {
            return false;
        }
    }
}

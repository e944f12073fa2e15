using Amazon.IoT.Model;
using Armada.Core.Devices;
using Armada.Silo.AwsIot;
using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Registry;

/// <summary>Others use the account too: further silos, and people at its console.</summary>
[Collection(MotoTests.Name)]
public sealed class SharedAccountTests(MotoServer moto)
{
    [SkippableFact]
    public async Task Two_silos_that_make_the_same_device_at_once_leave_one()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var other = rig.Start();
        for (var round = 0; round < 5; round++)
        {
            var device = new NewDevice($"arm-{round}", DeviceKind.Agent, Request: Requests.New());
            await Task.WhenAll(TryAsync(rig.Registry, device), TryAsync(other, device));
            await other.RecoverAsync(default);
            Assert.Null((await rig.Registry.CreateAsync(device, default)).Refused);
        }

        await rig.View.IsWhatSaysAsync(other, "after two silos");
    }

    [SkippableFact]
    public async Task What_another_silos_call_left_behind_for_the_same_key_is_removed_by_a_repeated_call()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var device = new NewDevice("arm-1", DeviceKind.Agent, Request: Requests.New());
        await rig.Registry.CreateAsync(device, default);
        await rig.View.Client.CreateCertificateFromCsrAsync(new CreateCertificateFromCsrRequest { CertificateSigningRequest = device.Request, SetAsActive = false });

        Assert.Null((await rig.Registry.CreateAsync(device, default)).Refused);

        await rig.View.IsWhatSaysAsync(rig.Registry, "after the repeated call");
    }

    [SkippableFact]
    public async Task A_change_by_another_silo_is_not_overwritten()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var created = (await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default)).Issued!;
        var other = rig.Start();
        var isAsked = false;
        rig.Way.Set(call =>
        {
            if (call == 2 && !isAsked)
            {
                isAsked = true;
                rig.View.Client.UpdateThingAsync(new UpdateThingRequest
                {
                    ThingName = "arm-1",
                    AttributePayload = new AttributePayload { Attributes = new() { ["owner"] = "plant" }, Merge = true },
                }).GetAwaiter().GetResult();
            }

            return Fate.Passes;
        });

        await Assert.ThrowsAsync<RegistryFailedException>(async () => await other.CollectedAsync("arm-1", created.Fingerprint, default));
        Assert.True((await other.CollectedAsync("arm-1", created.Fingerprint, default)).Device!.Newest!.IsCollected);
        var thing = await rig.View.Client.DescribeThingAsync(new DescribeThingRequest { ThingName = "arm-1" });
        Assert.Equal("plant", thing.Attributes["owner"]);
    }

    [SkippableFact]
    public async Task A_thing_that_is_none_of_ours_is_left_alone()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.View.Client.CreateThingAsync(new CreateThingRequest { ThingName = "lamp" });

        Assert.Null(await rig.Registry.FindAsync("lamp", default));
        Assert.Equal(RegistryRefusalReason.Exists, (await rig.Registry.CreateAsync(new NewDevice("lamp", DeviceKind.Agent), default)).Refused?.Reason);
        Assert.Equal(RegistryRefusalReason.Unknown, (await rig.Registry.DeleteAsync("lamp", default)).Refused?.Reason);
        Assert.Empty(await rig.Registry.ListAsync(null, 10, default));
        Assert.Equal("lamp", Assert.Single(await rig.View.ThingsAsync()).ThingName);
        Assert.Empty(await rig.View.CertificatesAsync());
    }

    [SkippableFact]
    public async Task A_certificate_that_somebody_attached_by_hand_is_detached_and_not_deleted()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default);
        var theirs = await rig.View.Client.CreateCertificateFromCsrAsync(new CreateCertificateFromCsrRequest { CertificateSigningRequest = Requests.New() });
        await rig.View.Client.AttachThingPrincipalAsync(new AttachThingPrincipalRequest { ThingName = "arm-1", Principal = theirs.CertificateArn });

        await rig.Registry.RotateAsync("arm-1", null, default);
        await rig.Registry.DeleteAsync("arm-1", default);

        Assert.Empty(await rig.View.ThingsAsync());
        Assert.Equal(theirs.CertificateId, Assert.Single(await rig.View.CertificatesAsync()).CertificateId);
    }

    [SkippableFact]
    public async Task A_policy_that_was_deleted_by_hand_is_made_again_by_the_next_call()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default);
        await rig.Registry.DeleteAsync("arm-1", default);
        await rig.View.Client.DeletePolicyAsync(new DeletePolicyRequest { PolicyName = "armada-device" });

        await Assert.ThrowsAsync<RegistryFailedException>(async () => await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default));
        Assert.Null(await rig.Registry.FindAsync("arm-1", default));
        Assert.True((await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default)).IsNew);
        await rig.View.IsWhatSaysAsync(rig.Registry, "after the policy was made again");
    }

    [SkippableFact]
    public async Task Attributes_that_nobody_understands_are_said_in_words_and_do_not_spoil_the_list()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default);
        await rig.Registry.CreateAsync(new NewDevice("arm-2", DeviceKind.Agent), default);
        await rig.View.Client.UpdateThingAsync(new UpdateThingRequest
        {
            ThingName = "arm-1",
            AttributePayload = new AttributePayload { Attributes = new() { ["certificates"] = "some" }, Merge = true },
        });

        Assert.Equal("arm-2", Assert.Single(await rig.Registry.ListAsync(null, 10, default)).Name);
        var failed = await Assert.ThrowsAsync<RegistryFailedException>(async () => await rig.Registry.FindAsync("arm-1", default));
        Assert.Contains("arm-1", failed.Message, StringComparison.Ordinal);
    }

    private static async Task TryAsync(AwsDeviceRegistry registry, NewDevice device)
    {
        try
        {
            Assert.Null((await registry.CreateAsync(device, default)).Refused);
        }
        catch (RegistryFailedException)
        {
            Assert.NotNull(device); // The other one was first; to ask again is what is asked of the caller then.
        }
    }
}

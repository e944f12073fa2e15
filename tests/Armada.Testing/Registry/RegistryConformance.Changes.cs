using Armada.Core.Devices;
using Xunit;

namespace Armada.Testing.Registry;

/// <content>How certificates follow each other and are taken back.</content>
public abstract partial class RegistryConformance
{
    [SkippableFact]
    public async Task Both_certificates_are_good_until_the_device_is_seen_on_the_new_one()
    {
        var old = await CollectedAsync("arm-1");
        var answer = await Registry.RotateAsync("arm-1", null, default);
        var young = answer.Issued!.Fingerprint;

        Assert.NotNull(answer.Issued.PrivateKey());
        Assert.Equal([old, young], Fingerprints(answer.Device!));
        Assert.True(await Rig.IsTakenAsync("arm-1", old));
        Assert.True(await Rig.IsTakenAsync("arm-1", young));
        await SameAsync((await Registry.SeenAsync("arm-1", old, default)).Device!);
        await SameAsync((await Registry.SeenAsync("arm-1", new string('0', 64), default)).Device!);
        await Rig.RestartAsync();
        Assert.Equal([old, young], Fingerprints((await Registry.FindAsync("arm-1", default))!));

        for (var again = 0; again < 2; again++)
        {
            var seen = (await Registry.SeenAsync("arm-1", young, default)).Device!;
            Assert.Equal([young], Fingerprints(seen));
            Assert.True(seen.Newest!.IsCollected);
            Assert.False(await Rig.IsTakenAsync("arm-1", old));
            Assert.True(await Rig.IsTakenAsync("arm-1", young));
            await Rig.RestartAsync();
        }

        Assert.Equal(1, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task A_second_certificate_that_nobody_collected_is_replaced_and_one_that_was_is_waited_for()
    {
        var old = await CollectedAsync("arm-1");
        var lost = (await Registry.RotateAsync("arm-1", null, default)).Issued!.Fingerprint;

        var young = (await Registry.RotateAsync("arm-1", null, default)).Issued!.Fingerprint;

        Assert.Equal([old, young], Fingerprints((await Registry.FindAsync("arm-1", default))!));
        Assert.False(await Rig.IsTakenAsync("arm-1", lost));
        await Registry.CollectedAsync("arm-1", young, default);
        Assert.Equal(RegistryRefusalReason.RotationPending, (await Registry.RotateAsync("arm-1", null, default)).Refused?.Reason);
        using var keys = new DeviceKeys();
        Assert.Equal(RegistryRefusalReason.RotationPending, (await Registry.RotateAsync("arm-1", keys.Request, default)).Refused?.Reason);
        Assert.Equal([old, young], Fingerprints((await Registry.FindAsync("arm-1", default))!));
        Assert.Equal(2, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task A_rotation_that_is_asked_for_again_with_the_same_key_is_the_same()
    {
        await CollectedAsync("arm-1");
        using var keys = new DeviceKeys();
        var first = await Registry.RotateAsync("arm-1", keys.Request, default);
        await Rig.RestartAsync();

        var second = await Registry.RotateAsync("arm-1", keys.Request, default);

        Assert.Null(first.Issued!.PrivateKey());
        Assert.True(first.Device!.Newest!.IsCollected);
        Assert.Equal(first.Issued.Fingerprint, second.Issued!.Fingerprint);
        await SameAsync(first.Device);
        Assert.Equal(2, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task One_certificate_is_taken_back_and_the_other_stays()
    {
        var old = await CollectedAsync("arm-1");
        var young = (await Registry.RotateAsync("arm-1", null, default)).Issued!.Fingerprint;

        for (var again = 0; again < 2; again++)
        {
            Assert.Equal([young], Fingerprints((await Registry.RetireAsync("arm-1", old, default)).Device!));
            Assert.False(await Rig.IsTakenAsync("arm-1", old));
            Assert.True(await Rig.IsTakenAsync("arm-1", young));
            await Rig.RestartAsync();
        }

        Assert.Empty((await Registry.RetireAsync("arm-1", young, default)).Device!.Certificates);
        Assert.Equal(0, await Rig.CountTakenAsync());
        var anew = await Registry.RotateAsync("arm-1", null, default);
        Assert.Equal([anew.Issued!.Fingerprint], Fingerprints(anew.Device!));
        Assert.True(await Rig.IsTakenAsync("arm-1", anew.Issued.Fingerprint));
    }

    [SkippableFact]
    public async Task A_deleted_device_is_gone_with_all_its_certificates_and_its_name_is_free()
    {
        var old = await CollectedAsync("arm-1");
        var young = (await Registry.RotateAsync("arm-1", null, default)).Issued!.Fingerprint;
        var other = await CollectedAsync("arm-10");

        var answer = await Registry.DeleteAsync("arm-1", default);

        Assert.Null(answer.Refused);
        Assert.Null(await Registry.FindAsync("arm-1", default));
        Assert.Equal(["arm-10"], Names(await Registry.ListAsync(null, 9, default)));
        Assert.False(await Rig.IsTakenAsync("arm-1", old));
        Assert.False(await Rig.IsTakenAsync("arm-1", young));
        Assert.True(await Rig.IsTakenAsync("arm-10", other));
        Assert.Equal(RegistryRefusalReason.Unknown, (await Registry.DeleteAsync("arm-1", default)).Refused?.Reason);
        await Rig.RestartAsync();
        Assert.Null(await Registry.FindAsync("arm-1", default));
        var anew = await Registry.CreateAsync(Arm("arm-1", DeviceKind.So101Follower, site: "hall"), default);
        Assert.True(anew.IsNew);
        Assert.False(await Rig.IsTakenAsync("arm-1", old));
        Assert.Equal(2, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task Of_a_device_that_is_not_there_nothing_can_be_asked()
    {
        var some = new string('a', 64);
        Assert.Null(await Registry.FindAsync("nobody", default));
        foreach (var answer in new[]
        {
            await Registry.RotateAsync("nobody", null, default),
            await Registry.CollectedAsync("nobody", some, default),
            await Registry.SeenAsync("nobody", some, default),
            await Registry.RetireAsync("nobody", some, default),
            await Registry.DeleteAsync("nobody", default),
        })
        {
            Assert.Equal(RegistryRefusalReason.Unknown, answer.Refused?.Reason);
            Assert.Null(answer.Device);
        }
    }

    /// <summary>Makes a device whose bundle was collected; gives its certificate's fingerprint.</summary>
    protected async Task<string> CollectedAsync(string name)
    {
        var issued = (await Registry.CreateAsync(Arm(name), default)).Issued!;
        await Registry.CollectedAsync(name, issued.Fingerprint, default);
        return issued.Fingerprint;
    }

    private static IEnumerable<string> Fingerprints(DeviceIdentity device) => device.Certificates.Select(its => its.Fingerprint);
}

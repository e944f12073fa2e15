using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Registry;

[Collection(MotoTests.Name)]
public sealed class AwsDeviceRegistryTests(MotoServer moto)
{
    [SkippableFact]
    public async Task A_device_is_a_thing_with_an_active_certificate_of_the_requests_key()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var answer = await rig.Registry.CreateAsync(new NewDevice("left-1", DeviceKind.So101Leader, Site: "hall", Request: Requests.New()), default);

        Assert.True(answer.IsNew);
        Assert.Null(answer.Issued!.PrivateKey());
        var found = await rig.Registry.FindAsync("left-1", default);
        Assert.Equal<DeviceCertificate>(answer.Device!.Certificates, found!.Certificates);
        Assert.True(found.Newest!.IsCollected);
        await rig.View.IsWhatSaysAsync(rig.Registry, "after one device");
    }

    [SkippableFact]
    public async Task A_key_made_here_fits_its_certificate_and_AWS_never_saw_it()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        var issued = (await rig.Registry.CreateAsync(new NewDevice("left-1", DeviceKind.MicroPythonArm, BoardRole.Leader), default)).Issued!;
        using var pair = X509Certificate2.CreateFromPem(issued.Certificate, issued.PrivateKey());
        Assert.True(pair.HasPrivateKey);
        Assert.False((await rig.Registry.FindAsync("left-1", default))!.Newest!.IsCollected);
    }

    [SkippableFact]
    public async Task A_deleted_device_leaves_nothing()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.Registry.CreateAsync(new NewDevice("left-1", DeviceKind.So101Leader, Site: "hall"), default);
        await rig.Registry.RotateAsync("left-1", null, default);
        var deleted = await rig.Registry.DeleteAsync("left-1", default);

        Assert.Equal(2, deleted.Device!.Certificates.Length);
        Assert.Empty(await rig.View.ThingsAsync());
        Assert.Empty(await rig.View.CertificatesAsync());
        Assert.Empty(await rig.View.GroupAsync("armada-site-hall"));
    }
}

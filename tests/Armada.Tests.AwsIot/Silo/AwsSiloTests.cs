using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using Amazon.IoT;
using Amazon.IoT.Model;
using Armada.Core.Devices;
using Armada.Silo.AwsIot;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Silo;

[Collection(MotoTests.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class AwsSiloTests(MotoServer moto)
{
    private const string Name = "armada-silo-1";

    [SkippableFact]
    public async Task A_silo_gets_one_identity_and_keeps_it()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var folder = new TempFolder();
        var first = await PrepareAsync(rig, logs, folder);
        var certificate = await File.ReadAllTextAsync(first.CertificateFile);
        var second = await PrepareAsync(rig, logs, folder);

        Assert.Equal(first with { Host = "" }, second with { Host = "" }); // The emulator names another host each time.
        Assert.Equal(8883, first.Port);
        Assert.EndsWith(".amazonaws.com", first.Host, StringComparison.Ordinal);
        Assert.Equal(certificate, await File.ReadAllTextAsync(second.CertificateFile));
        using var pair = X509Certificate2.CreateFromPemFile(first.CertificateFile, first.KeyFile);
        Assert.True(pair.HasPrivateKey);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(first.KeyFile));
        var client = Assert.Single(await rig.View.CertificatesAsync());
        Assert.Equal(CertificateStatus.ACTIVE, client.Status);
        Assert.Equal(["armada-silo"], await rig.View.PoliciesAsync(client.CertificateArn));
        Assert.Equal([Name], await rig.View.ThingsOfAsync(client.CertificateArn));
        Assert.Empty(await rig.Registry.ListAsync(null, 10, default));
    }

    [SkippableFact]
    public async Task A_lost_certificate_is_fetched_again()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var folder = new TempFolder();
        var place = await PrepareAsync(rig, logs, folder);
        var certificate = await File.ReadAllTextAsync(place.CertificateFile);
        File.Delete(place.CertificateFile);
        File.Delete(place.CaFile);

        await PrepareAsync(rig, logs, folder);

        Assert.Equal(certificate, await File.ReadAllTextAsync(place.CertificateFile));
        Assert.Single(await rig.View.CertificatesAsync());
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task For_a_lost_key_or_a_certificate_taken_back_there_is_a_new_one_and_the_old_one_goes(bool isKeyLost)
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var folder = new TempFolder();
        var place = await PrepareAsync(rig, logs, folder);
        var old = Assert.Single(await rig.View.CertificatesAsync()).CertificateId;
        if (isKeyLost)
            await File.WriteAllTextAsync(place.KeyFile, "damaged");
        else
            await rig.View.Client.UpdateCertificateAsync(new UpdateCertificateRequest { CertificateId = old, NewStatus = CertificateStatus.INACTIVE });

        await PrepareAsync(rig, logs, folder);

        Assert.NotEqual(old, Assert.Single(await rig.View.CertificatesAsync()).CertificateId);
        using var pair = X509Certificate2.CreateFromPemFile(place.CertificateFile, place.KeyFile);
        Assert.True(pair.HasPrivateKey);
    }

    [SkippableFact]
    public async Task A_start_that_ends_half_way_is_completed_by_the_next_one()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var folder = new TempFolder();
        var ends = 0;
        for (var isDone = false; !isDone; ends++)
        {
            rig.Way.Set(call => call <= ends ? Fate.Passes : call == ends + 1 ? Fate.RefusedAfterwards : Fate.Refused);
            try
            {
                await PrepareAsync(rig, logs, folder);
                isDone = true;
            }
            catch (RegistryFailedException)
            {
                Assert.InRange(ends, 0, 60);
            }
        }

        Assert.True(ends > 5);
        Assert.Equal(CertificateStatus.ACTIVE, Assert.Single(await rig.View.CertificatesAsync()).Status);
    }

    [SkippableFact]
    public async Task A_key_that_others_may_read_is_not_used()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var folder = new TempFolder();
        var place = await PrepareAsync(rig, logs, folder);
        File.SetUnixFileMode(place.KeyFile, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var refused = await Assert.ThrowsAsync<RegistryFailedException>(() => PrepareAsync(rig, logs, folder));
        Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
    }

    private static Task<BrokerAccess> PrepareAsync(AwsRig rig, FailOnLoggedErrors logs, TempFolder folder) => AwsSilo.PrepareAsync(
        rig.Settings, AwsRig.Who, Name, folder.File("aws-iot"), TimeProvider.System, logs.For<AwsSiloTests>(), default);
}

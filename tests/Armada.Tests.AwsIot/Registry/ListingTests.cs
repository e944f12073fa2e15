using System.Diagnostics;
using System.Text.Json.Nodes;
using Amazon.IoT.Model;
using Armada.Core.Devices;
using Armada.Testing.Logging;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Registry;

[Collection(MotoTests.Name)]
public sealed class ListingTests(MotoServer moto)
{
    [SkippableFact]
    public async Task Every_page_is_turned_and_no_thing_is_asked_singly()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.Registry.CreateAsync(new NewDevice("arm-000", DeviceKind.Agent), default);
        var like = (await rig.View.Client.DescribeThingAsync(new DescribeThingRequest { ThingName = "arm-000" })).Attributes;
        string[] names = [.. Enumerable.Range(0, 255).Select(number => $"arm-{number:000}")];
        foreach (var name in names.Skip(1).Reverse())
        {
            await rig.View.Client.CreateThingAsync(
                new CreateThingRequest { ThingName = name, ThingTypeName = "armada-device", AttributePayload = new AttributePayload { Attributes = like } });
        }

        rig.Way.Heal();
        Assert.Equal(names, (await rig.Registry.ListAsync(null, 1000, default)).Select(device => device.Name));
        Assert.InRange(rig.Way.Calls, 2, 14);
        Assert.Equal(names[200..210], (await rig.Registry.ListAsync(names[199], 10, default)).Select(device => device.Name));
    }

    [SkippableFact]
    public async Task A_stray_certificate_is_found_behind_many_others()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default);
        rig.Way.Set(call => call < 3 ? Fate.Passes : call == 3 ? Fate.RefusedAfterwards : Fate.Refused);
        await Assert.ThrowsAsync<RegistryFailedException>(async () => await rig.Registry.RotateAsync("arm-1", Requests.New(), default));
        rig.Way.Heal();
        for (var other = 0; other < 45; other++)
            await rig.View.Client.CreateCertificateFromCsrAsync(new CreateCertificateFromCsrRequest { CertificateSigningRequest = Requests.New() });
        Assert.Equal(47, (await rig.View.CertificatesAsync()).Count);

        await rig.Start().RecoverAsync(default);

        Assert.Equal(46, (await rig.View.CertificatesAsync()).Count);
    }

    [SkippableFact]
    public async Task What_the_AWS_command_line_sees_is_what_the_registry_says()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.So101Leader, Site: "hall", Request: Requests.New()), default);
        await rig.Registry.CreateAsync(new NewDevice("board-1", DeviceKind.MicroPythonArm, BoardRole.Follower), default);
        await rig.Registry.CreateAsync(new NewDevice("gone", DeviceKind.Agent), default);
        await rig.Registry.RotateAsync("arm-1", null, default);
        await rig.Registry.DeleteAsync("gone", default);

        var devices = await rig.Registry.ListAsync(null, 10, default);
        var things = (await AwsAsync(rig, "list-things", "--thing-type-name", "armada-device"))["things"]!.AsArray();
        Assert.Equal(devices.Select(device => device.Name), things.Select(thing => thing!["thingName"]!.ToString()).Order(StringComparer.Ordinal));
        foreach (var device in devices)
        {
            var principals = (await AwsAsync(rig, "list-thing-principals", "--thing-name", device.Name))["principals"]!.AsArray();
            Assert.Equal(
                device.Certificates.Select(certificate => certificate.Fingerprint).Order(StringComparer.Ordinal),
                principals.Select(arn => arn!.ToString().Split('/')[^1]).Order(StringComparer.Ordinal));
            foreach (var certificate in device.Certificates)
            {
                var description = (await AwsAsync(rig, "describe-certificate", "--certificate-id", certificate.Fingerprint))["certificateDescription"]!;
                Assert.Equal("ACTIVE", description["status"]!.ToString());
            }
        }

        Assert.Equal(3, (await AwsAsync(rig, "list-certificates"))["certificates"]!.AsArray().Count);
    }

    private static async Task<JsonNode> AwsAsync(AwsRig rig, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "aws", ["iot", .. arguments, "--endpoint-url", rig.Way.Address.AbsoluteUri, "--region", rig.Settings.Region!, "--output", "json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var who = await AwsRig.Who.GetCredentialsAsync();
        (start.Environment["AWS_ACCESS_KEY_ID"], start.Environment["AWS_SECRET_ACCESS_KEY"]) = (who.AccessKey, who.SecretKey);
        try
        {
            using var aws = Process.Start(start)!;
            var (output, errors) = (aws.StandardOutput.ReadToEndAsync(), aws.StandardError.ReadToEndAsync());
            await aws.WaitForExitAsync();
            Assert.True(aws.ExitCode == 0, await errors);
            return JsonNode.Parse(await output)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new SkipException("the AWS command line is not here");
        }
    }
}

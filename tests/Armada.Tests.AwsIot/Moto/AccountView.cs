using Amazon.IoT;
using Amazon.IoT.Model;
using Armada.Core.Devices;

namespace Armada.Tests.AwsIot.Moto;

/// <summary>What is in the account, asked past the adapter.</summary>
internal sealed class AccountView(AmazonIoTClient client)
{
    public AmazonIoTClient Client => client;

    public async Task<List<ThingAttribute>> ThingsAsync()
    {
        List<ThingAttribute> things = [];
        string? next = null;
        do
        {
            var page = await client.ListThingsAsync(new ListThingsRequest { NextToken = next });
            things.AddRange(page.Things ?? []);
            next = page.NextToken;
        }
        while (next is not null);
        return things;
    }

    public async Task<List<Certificate>> CertificatesAsync()
    {
        List<Certificate> certificates = [];
        string? next = null;
        do
        {
            var page = await client.ListCertificatesAsync(new ListCertificatesRequest { Marker = next });
            certificates.AddRange(page.Certificates ?? []);
            next = page.NextMarker;
        }
        while (next is not null);
        return certificates;
    }

    public async Task<List<string>> PrincipalsAsync(string thing) =>
        [.. (await client.ListThingPrincipalsAsync(new ListThingPrincipalsRequest { ThingName = thing })).Principals ?? []];

    public async Task<List<string>> ThingsOfAsync(string certificateArn) =>
        [.. (await client.ListPrincipalThingsAsync(new ListPrincipalThingsRequest { Principal = certificateArn })).Things ?? []];

    public async Task<List<string>> PoliciesAsync(string certificateArn) =>
        [.. ((await client.ListAttachedPoliciesAsync(new ListAttachedPoliciesRequest { Target = certificateArn })).Policies ?? []).Select(policy => policy.PolicyName)];

    public async Task<List<string>> GroupAsync(string group) =>
        [.. (await client.ListThingsInThingGroupAsync(new ListThingsInThingGroupRequest { ThingGroupName = group })).Things ?? []];

    public async Task<bool> HasGroupAsync(string group)
    {
        try
        {
            await client.DescribeThingGroupAsync(new DescribeThingGroupRequest { ThingGroupName = group });
            return true;
        }
        catch (ResourceNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Asserts that the account holds exactly what the registry says, working, and nothing else.</summary>
    public async Task IsWhatSaysAsync(IDeviceRegistry registry, string about)
    {
        var devices = await registry.ListAsync(null, int.MaxValue, default);
        var things = await ThingsAsync();
        var certificates = await CertificatesAsync();
        Same(devices.Select(device => device.Name), things.Select(thing => thing.ThingName), $"things, {about}");
        Same(
            devices.SelectMany(device => device.Certificates).Select(certificate => certificate.Fingerprint),
            certificates.Select(certificate => certificate.CertificateId),
            $"certificates, {about}");
        foreach (var certificate in certificates)
        {
            Assert.True(certificate.Status == CertificateStatus.ACTIVE, $"a certificate is {certificate.Status}, {about}");
            Assert.Single(await PoliciesAsync(certificate.CertificateArn));
        }

        foreach (var device in devices)
        {
            Same(
                device.Certificates.Select(certificate => certificate.Fingerprint),
                (await PrincipalsAsync(device.Name)).Select(arn => arn.Split('/')[^1]),
                $"principals of {device.Name}, {about}");
            Assert.DoesNotContain("making", things.Single(thing => thing.ThingName == device.Name).Attributes.Keys);
        }

        foreach (var site in (string[])["hall", "yard"])
        {
            if (await HasGroupAsync($"armada-site-{site}"))
                Same(devices.Where(device => device.Site == site).Select(device => device.Name), await GroupAsync($"armada-site-{site}"), $"group {site}, {about}");
        }
    }

    /// <summary>Asserts that no certificate works of which the registry does not know.</summary>
    public async Task HasNoUnknownAsync(string about)
    {
        var things = await ThingsAsync();
        foreach (var certificate in (await CertificatesAsync()).Where(certificate => certificate.Status == CertificateStatus.ACTIVE))
        {
            var of = await ThingsOfAsync(certificate.CertificateArn);
            var thing = Assert.Single(things, thing => of.Contains(thing.ThingName));
            Assert.True(
                thing.Attributes.ContainsKey("making") || thing.Attributes["certificates"].Contains(certificate.CertificateId, StringComparison.Ordinal),
                $"the registry does not know of {certificate.CertificateId}, {about}");
        }
    }

    private static void Same(IEnumerable<string> expected, IEnumerable<string> actual, string what) =>
        Assert.True(expected.ToHashSet().SetEquals(actual), $"{what}: the registry says {string.Join(' ', expected)}, AWS {string.Join(' ', actual)}");
}

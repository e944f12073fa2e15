using System.Security.Cryptography.X509Certificates;
using Amazon.IoT;
using Amazon.IoT.Model;
using Armada.Silo.AwsIot.Calls;
using Armada.Silo.AwsIot.Things;

namespace Armada.Silo.AwsIot.Certificates;

/// <summary>A certificate that AWS made: its id, full name, and text.</summary>
internal sealed record MadeCertificate(string Fingerprint, string Arn, string Pem)
{
    public CertificateNote Note(string keyHash, bool isCollected)
    {
        using var certificate = X509Certificate2.CreateFromPem(Pem);
        return new CertificateNote(
            Fingerprint, keyHash, certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(),
            isCollected ? CertificateUse.Collected : CertificateUse.Issued);
    }
}

/// <summary>Certificates, in the order in which nothing works that should not.</summary>
internal static class CertificateStore
{
    private const int PageSize = 250; // The most that AWS gives at once.

    // Clocks differ, and ours wrote down when it asked.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(10);

    public static async Task<MadeCertificate> CreateAsync(CallRun run, string request)
    {
        var made = await run.AskAsync((client, token) => client.CreateCertificateFromCsrAsync(
            new CreateCertificateFromCsrRequest { CertificateSigningRequest = request, SetAsActive = false }, token));
        return new MadeCertificate(made.CertificateId, made.CertificateArn, made.CertificatePem);
    }

    public static async Task AttachAsync(CallRun run, string thing, MadeCertificate certificate, string policy)
    {
        await run.AskAsync((client, token) => client.AttachPolicyAsync(
            new AttachPolicyRequest { PolicyName = policy, Target = certificate.Arn }, token));
        await run.AskAsync((client, token) => client.AttachThingPrincipalAsync(
            new AttachThingPrincipalRequest { ThingName = thing, Principal = certificate.Arn }, token));
        await run.AskAsync((client, token) => client.UpdateCertificateAsync(
            new UpdateCertificateRequest { CertificateId = certificate.Fingerprint, NewStatus = CertificateStatus.ACTIVE }, token));
    }

    /// <summary>A certificate's text; null where it is gone.</summary>
    public static async Task<string?> FetchAsync(CallRun run, string fingerprint) =>
        (await DescribeAsync(run, fingerprint))?.CertificatePem;

    public static async Task<bool> IsActiveAsync(CallRun run, string fingerprint) =>
        (await DescribeAsync(run, fingerprint))?.Status == CertificateStatus.ACTIVE;

    public static Task DeactivateAsync(CallRun run, string fingerprint) => run.TryAsync(
        (client, token) => client.UpdateCertificateAsync(
            new UpdateCertificateRequest { CertificateId = fingerprint, NewStatus = CertificateStatus.INACTIVE }, token),
        CallFaults.NotFound);

    public static async Task RemoveAsync(CallRun run, string arn, string? thing)
    {
        var fingerprint = FingerprintOf(arn);
        await DeactivateAsync(run, fingerprint);
        if (thing is not null)
            await DetachAsync(run, arn, thing);
        foreach (var policy in await PoliciesOfAsync(run, arn))
        {
            await run.TryAsync(
                (client, token) => client.DetachPolicyAsync(new DetachPolicyRequest { PolicyName = policy, Target = arn }, token), CallFaults.NotFound);
        }

        await run.DetachedAsync(
            (client, token) => client.DeleteCertificateAsync(new DeleteCertificateRequest { CertificateId = fingerprint }, token),
            CallFaults.StillAttached);
    }

    public static Task DetachAsync(CallRun run, string arn, string thing) => run.TryAsync(
        (client, token) => client.DetachThingPrincipalAsync(new DetachThingPrincipalRequest { ThingName = thing, Principal = arn }, token),
        CallFaults.NotFound);

    public static async Task<IReadOnlyList<string>> PoliciesOfAsync(CallRun run, string arn)
    {
        List<string> names = [];
        string? next = null;
        do
        {
            var from = next;
            var page = await run.TryAsync(
                (client, token) => client.ListAttachedPoliciesAsync(new ListAttachedPoliciesRequest { Target = arn, PageSize = PageSize, Marker = from }, token),
                CallFaults.NotFound);
            names.AddRange((page?.Policies ?? []).Select(policy => policy.PolicyName));
            next = page?.NextMarker;
        }
        while (!string.IsNullOrEmpty(next));
        return names;
    }

    public static async Task<IReadOnlyList<string>> PrincipalsOfAsync(CallRun run, string thing)
    {
        List<string> arns = [];
        string? next = null;
        do
        {
            var from = next;
            var page = await run.TryAsync(
                (client, token) => client.ListThingPrincipalsAsync(
                    new ListThingPrincipalsRequest { ThingName = thing, MaxResults = PageSize, NextToken = from }, token),
                CallFaults.NotFound);
            arns.AddRange(page?.Principals ?? []);
            next = page?.NextToken;
        }
        while (!string.IsNullOrEmpty(next));
        return arns;
    }

    /// <summary>Removes certificates that were made for a key, never worked, and belong to no thing: an answer was lost, or the silo ended.</summary>
    public static async Task RemoveStraysAsync(CallRun run, CreationMarker mark)
    {
        var since = (mark.Since - Slack).UtcDateTime;
        foreach (var certificate in await ListInactiveAsync(run, since))
        {
            if (await FetchAsync(run, certificate.CertificateId) is { } pem && KeyHash.OfCertificate(pem) == mark.KeyHash
                && !await HasThingsAsync(run, certificate.CertificateArn))
            {
                await RemoveAsync(run, certificate.CertificateArn, null);
            }
        }
    }

    public static string FingerprintOf(string arn) => arn[(arn.LastIndexOf('/') + 1)..];

    private static async Task<IReadOnlyList<Certificate>> ListInactiveAsync(CallRun run, DateTime since)
    {
        List<Certificate> found = [];
        string? next = null;
        do
        {
            var from = next;
            var page = await run.AskAsync((client, token) => client.ListCertificatesAsync(
                new ListCertificatesRequest { AscendingOrder = false, PageSize = PageSize, Marker = from }, token));
            var certificates = page.Certificates ?? [];
            found.AddRange(certificates.Where(entry => entry.Status == CertificateStatus.INACTIVE && entry.CreationDate?.ToUniversalTime() >= since));
            // The newest come first, so a page that ends with an old one is the last that matters.
            next = certificates is [.., { CreationDate: { } oldest }] && oldest.ToUniversalTime() < since ? null : page.NextMarker;
        }
        while (!string.IsNullOrEmpty(next));
        return found;
    }

    private static async Task<bool> HasThingsAsync(CallRun run, string arn)
    {
        var page = await run.TryAsync(
            (client, token) => client.ListPrincipalThingsAsync(new ListPrincipalThingsRequest { Principal = arn }, token), CallFaults.NotFound);
        return page?.Things is { Count: > 0 };
    }

    private static async Task<CertificateDescription?> DescribeAsync(CallRun run, string fingerprint) =>
        (await run.TryAsync(
            (client, token) => client.DescribeCertificateAsync(new DescribeCertificateRequest { CertificateId = fingerprint }, token), CallFaults.NotFound))
        ?.CertificateDescription;
}

using System.Security.Cryptography.X509Certificates;
using Amazon.IoT;
using Amazon.IoT.Model;

namespace Armada.Silo.AwsIot;

/// <param name="Fingerprint">SHA-256, hexadecimal; also its id at AWS.</param>
internal sealed record CreatedCertificate(string Fingerprint, string Arn, string Pem)
{
    public CertificateEntry ToEntry(string keyHash, bool isCollected)
    {
        using var certificate = X509Certificate2.CreateFromPem(Pem);
        return new CertificateEntry(
            Fingerprint, keyHash, certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(),
            isCollected ? CertificateUse.Collected : CertificateUse.Issued);
    }
}

/// <summary>Creates and removes certificates in an order that never leaves one active that should not be.</summary>
internal static class CertificateStore
{
    private const int PageSize = 250; // AWS's maximum.

    // What is asked for is of this machine's clock, not of AWS's.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);

    public static async Task<CreatedCertificate> CreateAsync(CallSequence calls, string request)
    {
        var created = await calls.AskAsync((client, token) => client.CreateCertificateFromCsrAsync(
            new CreateCertificateFromCsrRequest { CertificateSigningRequest = request, SetAsActive = false }, token));
        return new CreatedCertificate(created.CertificateId, created.CertificateArn, created.CertificatePem);
    }

    public static async Task AttachAsync(CallSequence calls, string thing, CreatedCertificate certificate, string policy)
    {
        await calls.AskAsync((client, token) => client.AttachPolicyAsync(
            new AttachPolicyRequest { PolicyName = policy, Target = certificate.Arn }, token));
        await calls.AskAsync((client, token) => client.AttachThingPrincipalAsync(
            new AttachThingPrincipalRequest { ThingName = thing, Principal = certificate.Arn }, token));
        await calls.AskAsync((client, token) => client.UpdateCertificateAsync(
            new UpdateCertificateRequest { CertificateId = certificate.Fingerprint, NewStatus = CertificateStatus.ACTIVE }, token));
    }

    /// <summary>PEM; null if the certificate does not exist.</summary>
    public static async Task<string?> FetchAsync(CallSequence calls, string fingerprint) =>
        (await DescribeAsync(calls, fingerprint))?.CertificatePem;

    public static async Task<bool> IsActiveAsync(CallSequence calls, string fingerprint) =>
        (await DescribeAsync(calls, fingerprint))?.Status == CertificateStatus.ACTIVE;

    public static Task DeactivateAsync(CallSequence calls, string fingerprint) => calls.TryAsync(
        (client, token) => client.UpdateCertificateAsync(
            new UpdateCertificateRequest { CertificateId = fingerprint, NewStatus = CertificateStatus.INACTIVE }, token),
        CallErrors.NotFound);

    public static async Task RemoveAsync(CallSequence calls, string arn, string? thing)
    {
        var fingerprint = FingerprintOf(arn);
        await DeactivateAsync(calls, fingerprint);
        if (thing is not null)
            await DetachAsync(calls, arn, thing);
        foreach (var policy in await PoliciesOfAsync(calls, arn))
        {
            await calls.TryAsync(
                (client, token) => client.DetachPolicyAsync(new DetachPolicyRequest { PolicyName = policy, Target = arn }, token), CallErrors.NotFound);
        }

        await calls.RetryWhileAttachedAsync(
            (client, token) => client.DeleteCertificateAsync(new DeleteCertificateRequest { CertificateId = fingerprint }, token),
            CallErrors.StillAttached);
    }

    public static Task DetachAsync(CallSequence calls, string arn, string thing) => calls.TryAsync(
        (client, token) => client.DetachThingPrincipalAsync(new DetachThingPrincipalRequest { ThingName = thing, Principal = arn }, token),
        CallErrors.NotFound);

    public static Task<List<string>> PoliciesOfAsync(CallSequence calls, string arn) => ListAsync(
        from => calls.TryAsync(
            (client, token) => client.ListAttachedPoliciesAsync(new ListAttachedPoliciesRequest { Target = arn, PageSize = PageSize, Marker = from }, token),
            CallErrors.NotFound),
        page => page.Policies?.Select(policy => policy.PolicyName),
        page => page.NextMarker);

    public static Task<List<string>> PrincipalsOfAsync(CallSequence calls, string thing) => ListAsync(
        from => calls.TryAsync(
            (client, token) => client.ListThingPrincipalsAsync(
                new ListThingPrincipalsRequest { ThingName = thing, MaxResults = PageSize, NextToken = from }, token),
            CallErrors.NotFound),
        page => page.Principals,
        page => page.NextToken);

    /// <summary>Removes inactive certificates of a key that belong to no thing: an answer was lost, or the silo crashed.</summary>
    public static async Task RemoveOrphansAsync(CallSequence calls, string keyHash, DateTimeOffset since)
    {
        foreach (var certificate in await ListInactiveAsync(calls, (since - ClockSkew).UtcDateTime))
        {
            if (await FetchAsync(calls, certificate.CertificateId) is { } pem && KeyHash.OfCertificate(pem) == keyHash
                && !await HasThingsAsync(calls, certificate.CertificateArn))
            {
                await RemoveAsync(calls, certificate.CertificateArn, null);
            }
        }
    }

    public static string FingerprintOf(string arn) => arn[(arn.LastIndexOf('/') + 1)..];

    private static Task<List<Certificate>> ListInactiveAsync(CallSequence calls, DateTime since) => ListAsync<ListCertificatesResponse, Certificate>(
        async from => await calls.AskAsync((client, token) => client.ListCertificatesAsync(
            new ListCertificatesRequest { AscendingOrder = false, PageSize = PageSize, Marker = from }, token)),
        page => page.Certificates?.Where(entry => entry.Status == CertificateStatus.INACTIVE && entry.CreationDate?.ToUniversalTime() >= since),
        // The newest come first, so nothing after an old one matters.
        page => page.Certificates is [.., { CreationDate: { } oldest }] && oldest.ToUniversalTime() < since ? null : page.NextMarker);

    // A list that does not exist is empty.
    private static async Task<List<T>> ListAsync<TPage, T>(Func<string?, Task<TPage?>> ask, Func<TPage, IEnumerable<T>?> items, Func<TPage, string?> next)
        where TPage : class
    {
        List<T> all = [];
        string? from = null;
        do
        {
            if (await ask(from) is not { } page)
                return all;
            all.AddRange(items(page) ?? []);
            from = next(page);
        }
        while (!string.IsNullOrEmpty(from));
        return all;
    }

    private static async Task<bool> HasThingsAsync(CallSequence calls, string arn)
    {
        var page = await calls.TryAsync(
            (client, token) => client.ListPrincipalThingsAsync(new ListPrincipalThingsRequest { Principal = arn }, token), CallErrors.NotFound);
        return page?.Things is { Count: > 0 };
    }

    private static async Task<CertificateDescription?> DescribeAsync(CallSequence calls, string fingerprint) =>
        (await calls.TryAsync(
            (client, token) => client.DescribeCertificateAsync(new DescribeCertificateRequest { CertificateId = fingerprint }, token), CallErrors.NotFound))
        ?.CertificateDescription;
}

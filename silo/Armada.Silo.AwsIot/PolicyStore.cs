using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.IoT.Model;

namespace Armada.Silo.AwsIot;

/// <summary>The account's policies; an outdated one gets a new version.</summary>
internal static class PolicyStore
{
    private const int MaxVersions = 5;

    /// <exception cref="RegistryFailedException">The document is too long.</exception>
    public static async Task EnsureAsync(CallSequence calls, string name, string document)
    {
        if (document.Length > PolicyDocument.MaxLength)
        {
            throw new RegistryFailedException(
                $"the policy {name} would have {document.Length} characters, of which AWS takes {PolicyDocument.MaxLength}: choose shorter topic roots");
        }

        if (await FindAsync(calls, name) is { } existing)
        {
            if (!IsSameDocument(existing.PolicyDocument, document))
                await ReplaceAsync(calls, name, document);
            return;
        }

        var created = await calls.TryAsync(
            (client, token) => client.CreatePolicyAsync(new CreatePolicyRequest { PolicyName = name, PolicyDocument = document }, token), CallErrors.Exists);
        if (created is null && await FindAsync(calls, name) is { } meanwhile && !IsSameDocument(meanwhile.PolicyDocument, document))
            await ReplaceAsync(calls, name, document);
    }

    private static Task<GetPolicyResponse?> FindAsync(CallSequence calls, string name) =>
        calls.TryAsync((client, token) => client.GetPolicyAsync(new GetPolicyRequest { PolicyName = name }, token), CallErrors.NotFound);

    private static async Task ReplaceAsync(CallSequence calls, string name, string document)
    {
        var listed = await calls.AskAsync((client, token) => client.ListPolicyVersionsAsync(new ListPolicyVersionsRequest { PolicyName = name }, token));
        var versions = listed.PolicyVersions ?? [];
        if (versions.Count >= MaxVersions)
        {
            // By id, which is an ascending number; the dates have only seconds.
            var oldest = versions.Where(version => version.IsDefaultVersion != true).MinBy(version => int.Parse(version.VersionId, null))!;
            await calls.TryAsync(
                (client, token) => client.DeletePolicyVersionAsync(
                    new DeletePolicyVersionRequest { PolicyName = name, PolicyVersionId = oldest.VersionId }, token),
                CallErrors.NotFound);
        }

        await calls.AskAsync((client, token) => client.CreatePolicyVersionAsync(
            new CreatePolicyVersionRequest { PolicyName = name, PolicyDocument = document, SetAsDefault = true }, token));
    }

    private static bool IsSameDocument(string existing, string wanted)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(existing), JsonNode.Parse(wanted));
        }
        catch (JsonException)
        {
            return false; // Not JSON; it is replaced.
        }
    }
}

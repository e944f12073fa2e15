using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.IoT.Model;
using Armada.Core.Devices;
using Armada.Silo.AwsIot.Calls;

namespace Armada.Silo.AwsIot.Policies;

/// <summary>Policies in the account; one that differs from what it should say gets a new version.</summary>
internal static class PolicyStore
{
    private const int MostVersions = 5;

    /// <summary>Makes a policy say what it should.</summary>
    /// <exception cref="RegistryFailedException">The document is too long.</exception>
    public static async Task EnsureAsync(CallRun run, string name, string document)
    {
        if (document.Length > PolicyDocument.Longest)
        {
            throw new RegistryFailedException(
                $"the policy {name} would have {document.Length} characters, of which AWS takes {PolicyDocument.Longest}: choose shorter topic roots");
        }

        if (await FindAsync(run, name) is { } there)
        {
            if (!Says(there.PolicyDocument, document))
                await ReplaceAsync(run, name, document);
            return;
        }

        var made = await run.TryAsync(
            (client, token) => client.CreatePolicyAsync(new CreatePolicyRequest { PolicyName = name, PolicyDocument = document }, token), CallFaults.Exists);
        if (made is null && await FindAsync(run, name) is { } meanwhile && !Says(meanwhile.PolicyDocument, document))
            await ReplaceAsync(run, name, document);
    }

    private static Task<GetPolicyResponse?> FindAsync(CallRun run, string name) =>
        run.TryAsync((client, token) => client.GetPolicyAsync(new GetPolicyRequest { PolicyName = name }, token), CallFaults.NotFound);

    private static async Task ReplaceAsync(CallRun run, string name, string document)
    {
        var listed = await run.AskAsync((client, token) => client.ListPolicyVersionsAsync(new ListPolicyVersionsRequest { PolicyName = name }, token));
        var versions = listed.PolicyVersions ?? [];
        if (versions.Count >= MostVersions)
        {
            // Version ids are growing numbers; the dates have seconds only.
            var oldest = versions.Where(version => version.IsDefaultVersion != true).MinBy(version => int.Parse(version.VersionId, null))!;
            await run.TryAsync(
                (client, token) => client.DeletePolicyVersionAsync(
                    new DeletePolicyVersionRequest { PolicyName = name, PolicyVersionId = oldest.VersionId }, token),
                CallFaults.NotFound);
        }

        await run.AskAsync((client, token) => client.CreatePolicyVersionAsync(
            new CreatePolicyVersionRequest { PolicyName = name, PolicyDocument = document, SetAsDefault = true }, token));
    }

    private static bool Says(string there, string wanted)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(there), JsonNode.Parse(wanted));
        }
        catch (JsonException)
        {
            return false; // Somebody's own text; it is replaced.
        }
    }
}

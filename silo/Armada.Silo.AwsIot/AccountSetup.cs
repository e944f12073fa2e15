using Amazon.IoT.Model;

namespace Armada.Silo.AwsIot;

/// <summary>Creates what devices need in the account, once: thing types, policies, and a group for each site.</summary>
internal sealed class AccountSetup(AwsIotSettings settings) : IDisposable
{
    private readonly SemaphoreSlim creating = new(1, 1);
    private readonly HashSet<string> existing = new(StringComparer.Ordinal);
    private string? arnPrefix;
    private volatile bool isStale;

    public ArmadaPolicies Policies { get; } = new(settings);
    public string DeviceType => $"{settings.Prefix}-device";
    public string SiloType => $"{settings.Prefix}-silo";

    public string GroupOf(string site) => $"{settings.Prefix}-site-{site}";

    public async Task EnsureAsync(CallSequence calls, string type, string policy, string? site, CancellationToken cancellation)
    {
        await creating.WaitAsync(cancellation);
        try
        {
            if (isStale)
                existing.Clear();
            isStale = false;
            await EnsureOnceAsync($"type {type}", () => EnsureTypeAsync(calls, type));
            await EnsureOnceAsync($"policy {policy}", () => PolicyStore.EnsureAsync(calls, policy, Policies.Document(policy, arnPrefix!)));
            if (site is not null)
                await EnsureOnceAsync($"group {site}", () => EnsureGroupAsync(calls, GroupOf(site)));
        }
        finally
        {
            creating.Release();
        }
    }

    public void InvalidateCache() => isStale = true;

    public void Dispose() => creating.Dispose();

    private async Task EnsureOnceAsync(string what, Func<Task> make)
    {
        if (existing.Contains(what))
            return;
        await make();
        existing.Add(what);
    }

    private async Task EnsureTypeAsync(CallSequence calls, string type)
    {
        if (await DescribeTypeAsync(calls, type) is not { } arn)
        {
            var created = await calls.TryAsync(
                (client, token) => client.CreateThingTypeAsync(
                    new CreateThingTypeRequest
                    {
                        ThingTypeName = type,
                        ThingTypeProperties = new ThingTypeProperties { SearchableAttributes = [.. Tags.Searchable] },
                    },
                    token),
                CallErrors.Exists);
            arn = created?.ThingTypeArn ?? await DescribeTypeAsync(calls, type) ?? throw new InvalidOperationException($"the thing type {type} was deleted while it was created");
        }

        arnPrefix = arn[..^$"thingtype/{type}".Length];
    }

    private static async Task<string?> DescribeTypeAsync(CallSequence calls, string type) =>
        (await calls.TryAsync(
            (client, token) => client.DescribeThingTypeAsync(new DescribeThingTypeRequest { ThingTypeName = type }, token), CallErrors.NotFound))
        ?.ThingTypeArn;

    private static async Task EnsureGroupAsync(CallSequence calls, string group) => await calls.TryAsync(
        (client, token) => client.CreateThingGroupAsync(new CreateThingGroupRequest { ThingGroupName = group }, token), CallErrors.Exists);
}

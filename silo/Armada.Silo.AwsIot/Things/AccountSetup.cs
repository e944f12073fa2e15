using Amazon.IoT.Model;
using Armada.Silo.AwsIot.Calls;
using Armada.Silo.AwsIot.Policies;

namespace Armada.Silo.AwsIot.Things;

/// <summary>What must be in the account before a device: thing types, policies, and a group for each site. Made once, then remembered.</summary>
internal sealed class AccountSetup(AwsIotSettings settings) : IDisposable
{
    private readonly SemaphoreSlim making = new(1, 1);
    private readonly HashSet<string> there = new(StringComparer.Ordinal);
    private string? arnPrefix;
    private volatile bool isDoubtful;

    public ArmadaPolicies Policies { get; } = new(settings);

    public string DeviceType => $"{settings.Prefix}-device";

    public string SiloType => $"{settings.Prefix}-silo";

    public string GroupOf(string site) => $"{settings.Prefix}-site-{site}";

    public async Task EnsureAsync(CallRun run, string type, string policy, string? site, CancellationToken cancellation)
    {
        await making.WaitAsync(cancellation);
        try
        {
            if (isDoubtful)
                there.Clear();
            isDoubtful = false;
            await OnceAsync($"type {type}", () => MakeTypeAsync(run, type));
            await OnceAsync($"policy {policy}", () => PolicyStore.EnsureAsync(run, policy, Policies.Document(policy, arnPrefix!)));
            if (site is not null)
                await OnceAsync($"group {site}", () => MakeGroupAsync(run, GroupOf(site)));
        }
        finally
        {
            making.Release();
        }
    }

    public void Forget() => isDoubtful = true;

    public void Dispose() => making.Dispose();

    private async Task OnceAsync(string what, Func<Task> make)
    {
        if (there.Contains(what))
            return;
        await make();
        there.Add(what);
    }

    private async Task MakeTypeAsync(CallRun run, string type)
    {
        if (await DescribeTypeAsync(run, type) is not { } arn)
        {
            var made = await run.TryAsync(
                (client, token) => client.CreateThingTypeAsync(
                    new CreateThingTypeRequest
                    {
                        ThingTypeName = type,
                        ThingTypeProperties = new ThingTypeProperties { SearchableAttributes = [.. Labels.Searchable] },
                    },
                    token),
                CallFaults.Exists);
            arn = made?.ThingTypeArn ?? await DescribeTypeAsync(run, type) ?? throw new InvalidOperationException($"the thing type {type} comes and goes");
        }

        arnPrefix = arn[..^$"thingtype/{type}".Length];
    }

    private static async Task<string?> DescribeTypeAsync(CallRun run, string type) =>
        (await run.TryAsync(
            (client, token) => client.DescribeThingTypeAsync(new DescribeThingTypeRequest { ThingTypeName = type }, token), CallFaults.NotFound))
        ?.ThingTypeArn;

    private static async Task MakeGroupAsync(CallRun run, string group) => await run.TryAsync(
        (client, token) => client.CreateThingGroupAsync(new CreateThingGroupRequest { ThingGroupName = group }, token), CallFaults.Exists);
}

using System.Runtime.CompilerServices;
using Amazon.IoT.Model;
using Amazon.Runtime;

namespace Armada.Silo.AwsIot;

/// <summary>The things of one thing type; others are not ours.</summary>
internal sealed class ThingStore(string type)
{
    private const int PageSize = 250; // AWS's maximum.

    public string Type => type;

    /// <summary>Null without a thing of this type; <c>IsTaken</c> if a foreign thing has the name.</summary>
    /// <exception cref="RegistryFailedException">Its attributes cannot be read.</exception>
    public async Task<(Thing? Thing, bool IsTaken)> ReadAsync(CallSequence calls, string name)
    {
        var read = await calls.TryAsync((client, token) => client.DescribeThingAsync(new DescribeThingRequest { ThingName = name }, token), CallErrors.NotFound);
        if (read is null)
            return (null, false);
        if (read.ThingTypeName != type)
            return (null, true);
        var attributes = ThingAttributes.Read(read.Attributes) ?? throw new RegistryFailedException(
            $"the attributes of the thing {name} at AWS IoT Core were changed and cannot be read; delete the thing and its certificates there");
        return (new Thing(name, read.ThingArn, read.Version, attributes), false);
    }

    public async IAsyncEnumerable<(string Name, Thing? Thing)> ListAsync(CallSequence calls, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? next = null;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var from = next;
            var page = await calls.AskAsync((client, token) => client.ListThingsAsync(
                new ListThingsRequest { ThingTypeName = type, MaxResults = PageSize, NextToken = from }, token));
            foreach (var thing in page.Things ?? [])
            {
                var attributes = ThingAttributes.Read(thing.Attributes);
                yield return (thing.ThingName, attributes is null ? null : new Thing(thing.ThingName, thing.ThingArn, thing.Version, attributes));
            }

            next = page.NextToken;
        }
        while (!string.IsNullOrEmpty(next));
    }

    public async Task<Thing> CreateAsync(CallSequence calls, string name, ThingAttributes attributes)
    {
        var created = await calls.AskAsync((client, token) => client.CreateThingAsync(
            new CreateThingRequest { ThingName = name, ThingTypeName = type, AttributePayload = Payload(attributes) }, token));
        return new Thing(name, created.ThingArn, 1, attributes);
    }

    /// <summary>Replaces a thing's attributes unless they changed since they were read.</summary>
    /// <exception cref="RegistryFailedException">They changed.</exception>
    public async Task<Thing> WriteAsync(CallSequence calls, Thing thing, ThingAttributes attributes)
    {
        for (var known = thing; ;)
        {
            var expected = known.Version;
            try
            {
                await calls.AskAsync((client, token) => client.UpdateThingAsync(
                    new UpdateThingRequest { ThingName = thing.Name, AttributePayload = Payload(attributes), ExpectedVersion = expected }, token));
                return known with { Version = expected + 1, Attributes = attributes };
            }
            catch (AmazonServiceException fault) when (fault.Is(CallErrors.Changed))
            {
                // This may be the retry of a call whose answer was lost, and other changes than attributes raise the version, too.
                var (now, _) = await ReadAsync(calls, thing.Name);
                if (now?.Attributes.Equals(attributes) == true)
                    return now;
                if (now is null || !now.Attributes.Equals(thing.Attributes) || now.Version == expected)
                    throw new RegistryFailedException($"{thing.Name} was changed by another silo at the same time; repeat the call", fault);
                known = now;
            }
        }
    }

    public static Task DeleteAsync(CallSequence calls, string name) => calls.RetryWhileAttachedAsync(
        (client, token) => client.DeleteThingAsync(new DeleteThingRequest { ThingName = name }, token), "InvalidRequestException");

    private static AttributePayload Payload(ThingAttributes attributes)
    {
        var pairs = attributes.ToAttributes();
        if (pairs.FirstOrDefault(pair => pair.Value.Length > ThingAttributes.MaxValueLength) is { Key: { } name })
            throw new RegistryFailedException($"the attribute {name} would have more than {ThingAttributes.MaxValueLength} characters; repeat the call");
        return new AttributePayload { Attributes = pairs, Merge = false };
    }
}

/// <summary>One call at a time for each name; some names share a lock.</summary>
internal sealed class KeyedLock
{
    private readonly SemaphoreSlim[] locks = [.. Enumerable.Range(0, 256).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Released when the result is disposed.</summary>
    public async Task<Held> AcquireAsync(string name, CancellationToken cancellation)
    {
        var held = locks[(int)((uint)string.GetHashCode(name, StringComparison.Ordinal) % (uint)locks.Length)];
        await held.WaitAsync(cancellation);
        return new Held(held);
    }

    internal readonly struct Held(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release();
    }
}

using System.Runtime.CompilerServices;
using Amazon.IoT.Model;
using Amazon.Runtime;
using Armada.Core.Devices;
using Armada.Silo.AwsIot.Calls;

namespace Armada.Silo.AwsIot.Things;

/// <summary>The things of one type.</summary>
internal sealed class ThingStore(string type)
{
    private const int PageSize = 250; // The most that AWS gives at once.

    public string Type => type;

    /// <summary>A thing of this type, or null.</summary>
    /// <exception cref="RegistryFailedException">Its attributes cannot be understood.</exception>
    public async Task<(Thing? Thing, bool IsTaken)> ReadAsync(CallRun run, string name)
    {
        var read = await run.TryAsync((client, token) => client.DescribeThingAsync(new DescribeThingRequest { ThingName = name }, token), CallFaults.NotFound);
        if (read is null)
            return (null, false);
        if (read.ThingTypeName != type)
            return (null, true);
        var note = ThingAttributes.Read(read.Attributes) ?? throw new RegistryFailedException(
            $"the attributes of the thing {name} at AWS IoT Core were changed and cannot be read; delete the thing and its certificates there");
        return (new Thing(name, read.ThingArn, read.Version, note), false);
    }

    public async IAsyncEnumerable<(string Name, Thing? Thing)> ListAsync(CallRun run, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? next = null;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var from = next;
            var page = await run.AskAsync((client, token) => client.ListThingsAsync(
                new ListThingsRequest { ThingTypeName = type, MaxResults = PageSize, NextToken = from }, token));
            foreach (var thing in page.Things ?? [])
            {
                var note = ThingAttributes.Read(thing.Attributes);
                yield return (thing.ThingName, note is null ? null : new Thing(thing.ThingName, thing.ThingArn, thing.Version, note));
            }

            next = page.NextToken;
        }
        while (!string.IsNullOrEmpty(next));
    }

    public async Task<Thing> CreateAsync(CallRun run, string name, ThingAttributes note)
    {
        var made = await run.AskAsync((client, token) => client.CreateThingAsync(
            new CreateThingRequest { ThingName = name, ThingTypeName = type, AttributePayload = Payload(note) }, token));
        return new Thing(name, made.ThingArn, 1, note);
    }

    /// <summary>Changes a thing's attributes, if nobody else did since it was read.</summary>
    /// <exception cref="RegistryFailedException">Somebody did.</exception>
    public async Task<Thing> WriteAsync(CallRun run, Thing thing, ThingAttributes note)
    {
        for (var known = thing; ;)
        {
            var expected = known.Version;
            try
            {
                await run.AskAsync((client, token) => client.UpdateThingAsync(
                    new UpdateThingRequest { ThingName = thing.Name, AttributePayload = Payload(note), ExpectedVersion = expected }, token));
                return known with { Version = expected + 1, Note = note };
            }
            catch (AmazonServiceException fault) when (fault.Is(CallFaults.Changed))
            {
                // A call whose answer was lost is repeated, and something else than attributes may count as a version too.
                var (now, _) = await ReadAsync(run, thing.Name);
                if (now?.Note.Equals(note) == true)
                    return now;
                if (now is null || !now.Note.Equals(thing.Note) || now.Version == expected)
                    throw new RegistryFailedException($"{thing.Name} was changed by another silo at the same time; repeat the call", fault);
                known = now;
            }
        }
    }

    public static Task DeleteAsync(CallRun run, string name) => run.DetachedAsync(
        (client, token) => client.DeleteThingAsync(new DeleteThingRequest { ThingName = name }, token), "InvalidRequestException");

    private static AttributePayload Payload(ThingAttributes note)
    {
        var attributes = note.ToAttributes();
        if (attributes.FirstOrDefault(pair => pair.Value.Length > ThingAttributes.LongestValue) is { Key: { } name })
            throw new RegistryFailedException($"the attribute {name} would have more than {ThingAttributes.LongestValue} characters; repeat the call");
        return new AttributePayload { Attributes = attributes, Merge = false };
    }
}

/// <summary>One call at a time for each name. Some names share a turn.</summary>
internal sealed class KeyedLock
{
    private readonly SemaphoreSlim[] turns = [.. Enumerable.Range(0, 256).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Waits for a name's turn; it ends when the result is disposed.</summary>
    public async Task<Turn> TakeAsync(string name, CancellationToken cancellation)
    {
        var turn = turns[(int)((uint)string.GetHashCode(name, StringComparison.Ordinal) % (uint)turns.Length)];
        await turn.WaitAsync(cancellation);
        return new Turn(turn);
    }

    internal readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}

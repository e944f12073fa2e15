using System.Collections.Concurrent;
using Armada.Core.Motions;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Sequences;

/// <summary>Every sequence, in memory, and those that are not built in also in one document each. Members may be called from any thread.</summary>
internal sealed partial class SequenceLibrary : ISequences, IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<string, VersionedSequence> kept = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim changing = new(1);
    private readonly DocumentFiles files;
    private readonly ILogger<SequenceLibrary> logger;
    private readonly string folder;

    /// <summary>In the silo's folder; with the built-in sequences alone until it is started.</summary>
    public SequenceLibrary(DataFolder data, ILogger<SequenceLibrary> logger)
    {
        this.logger = logger;
        files = new DocumentFiles(logger);
        folder = data.Folder("sequences");
        foreach (var sequence in Demonstrations.All)
            kept[sequence.Id] = SequenceChanges.FindBuiltIn(sequence.Id)!;
    }

    /// <summary>Reads what was stored; a damaged document is set aside and the rest loads.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var found = files.ReadAll(folder, StoredSequenceJson.Default.StoredSequence, (stored, name) => stored.Fault(name));
        foreach (var stored in found)
            kept[stored.Sequence.Id!] = new VersionedSequence(stored.Sequence.ToSequence(), stored.Version, IsBuiltIn: false);
        LogLoaded(found.Count);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(CancellationToken cancellation) =>
        new([.. kept.Select(entry => entry.Key).Order(StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public ValueTask<VersionedSequence?> FindAsync(string id, CancellationToken cancellation) => new(Find(id));

    /// <inheritdoc/>
    public async ValueTask<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        var old = Find(sequence.Id);
        if (SequenceChanges.Refuse(old, expected) is { } refused)
            return new SequenceAnswer(refused, old);
        if (old is null && SequenceChanges.RefuseOneMore(kept.Count - Demonstrations.All.Length) is { } full)
            return new SequenceAnswer(full, null);
        var next = SequenceChanges.Put(old, sequence);
        if (ReferenceEquals(next, old))
            return new SequenceAnswer(null, old);
        try
        {
            await files.WriteAsync(PathOf(sequence.Id), StoredSequence.Of(next), StoredSequenceJson.Default.StoredSequence, cancellation);
        }
        catch (NotStoredException failed)
        {
            return NotStored(failed, old);
        }

        kept[sequence.Id] = next;
        return new SequenceAnswer(null, next);
    }

    /// <inheritdoc/>
    public async ValueTask<SequenceAnswer> DeleteAsync(string id, ExpectedVersion? expected, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        var old = Find(id);
        if ((old is null ? SequenceRefusal.Unknown : SequenceChanges.Refuse(old, expected)) is { } refused)
            return new SequenceAnswer(refused, old);
        try
        {
            await files.DeleteAsync(PathOf(id), cancellation);
        }
        catch (NotStoredException failed)
        {
            return NotStored(failed, old);
        }

        kept.TryRemove(id, out _);
        return new SequenceAnswer(null, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        changing.Dispose();
        files.Dispose();
    }

    private static SequenceAnswer NotStored(NotStoredException failed, VersionedSequence? old) =>
        new(SequenceRefusal.NotStored, old, $"{failed.Message}; nothing was changed, free the disk and ask again");

    private VersionedSequence? Find(string id) => kept.GetValueOrDefault(id);

    private string PathOf(string id) => Path.Combine(folder, id + ".json");

    [LoggerMessage(1010, LogLevel.Information, "Loaded {Sequences} sequences")]
    private partial void LogLoaded(int sequences);
}

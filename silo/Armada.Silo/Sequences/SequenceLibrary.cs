using System.Collections.Concurrent;
using Armada.Domain.Motions;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Sequences;

/// <summary>Every sequence, in memory, and those that are not built in also in one document each. Members may be called from any thread.</summary>
internal sealed partial class SequenceLibrary : ISequences, IHostedService, IDisposable
{
    /// <summary>Most sequences that are stored.</summary>
    public const int Most = 1000;

    private const long BuiltInVersion = 1;

    private readonly ConcurrentDictionary<string, KeptSequence> kept = new(StringComparer.Ordinal);
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
            kept[sequence.Id] = new KeptSequence(sequence, BuiltInVersion, IsBuiltIn: true);
    }

    /// <summary>Every sequence, by id.</summary>
    public IEnumerable<KeptSequence> All => kept.Select(entry => entry.Value).OrderBy(one => one.Sequence.Id, StringComparer.Ordinal);

    /// <summary>Reads what was stored; a damaged document is set aside and the rest loads.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var found = files.ReadAll(folder, StoredSequenceJson.Default.StoredSequence, (stored, name) => stored.Fault(name));
        foreach (var stored in found)
            kept[stored.Sequence.Id!] = new KeptSequence(stored.Sequence.ToSequence(), stored.Version, IsBuiltIn: false);
        LogLoaded(found.Count);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>One sequence, or null.</summary>
    public KeptSequence? Find(string id) => kept.GetValueOrDefault(id);

    /// <inheritdoc/>
    public ValueTask<Sequence?> FindAsync(string id) => new(Find(id)?.Sequence);

    /// <summary>Keeps a sequence durably, in the place of another of its id. The same content again changes nothing.</summary>
    /// <param name="sequence">A sequence without problems.</param>
    /// <param name="expected">The version it is for, or null for any.</param>
    /// <param name="cancellation">Ends the wait; nothing was changed then.</param>
    /// <exception cref="NotStoredException">The disk refused; the old one stands.</exception>
    public async Task<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        var old = Find(sequence.Id);
        if (Refuse(old, expected) is { } refused)
            return new SequenceAnswer(refused, old);
        if (old is null && kept.Count >= Most + Demonstrations.All.Length)
            return new SequenceAnswer(SequenceRefusal.TooMany, null);
        if (old is not null && old.Sequence.Equals(sequence))
            return new SequenceAnswer(null, old);
        var next = new KeptSequence(sequence, (old?.Version ?? 0) + 1, IsBuiltIn: false);
        await files.WriteAsync(PathOf(sequence.Id), StoredSequence.Of(next), StoredSequenceJson.Default.StoredSequence, cancellation);
        kept[sequence.Id] = next;
        return new SequenceAnswer(null, next);
    }

    /// <summary>Forgets a sequence durably; a robot that plays it goes on.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="expected">The version that is to go, or null for any.</param>
    /// <param name="cancellation">Ends the wait; nothing was changed then.</param>
    /// <exception cref="NotStoredException">The disk refused; it is still there.</exception>
    public async Task<SequenceAnswer> DeleteAsync(string id, ExpectedVersion? expected, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        var old = Find(id);
        if ((old is null ? SequenceRefusal.Unknown : Refuse(old, expected)) is { } refused)
            return new SequenceAnswer(refused, old);
        await files.DeleteAsync(PathOf(id), cancellation);
        kept.TryRemove(id, out _);
        return new SequenceAnswer(null, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        changing.Dispose();
        files.Dispose();
    }

    private static SequenceRefusal? Refuse(KeptSequence? old, ExpectedVersion? expected) =>
        old is { IsBuiltIn: true } ? SequenceRefusal.BuiltIn
        : expected is { } one && one.Version != old?.Version ? SequenceRefusal.Changed
        : null;

    private string PathOf(string id) => Path.Combine(folder, id + ".json");

    [LoggerMessage(1010, LogLevel.Information, "Loaded {Sequences} sequences")]
    private partial void LogLoaded(int sequences);
}

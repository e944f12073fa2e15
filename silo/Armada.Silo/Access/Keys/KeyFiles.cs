using System.Text.Json;
using Armada.Core.Access;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>API keys in the silo's own folder, one document each. Nobody else changes them.</summary>
internal sealed class KeyFiles : IKeyStore, IDisposable
{
    private const long OnlyVersion = 0;

    private readonly DocumentFiles files;
    private readonly string folder;

    /// <summary>In the silo's folder.</summary>
    public KeyFiles(DataFolder data, ILogger<KeyFiles> logger)
    {
        files = new DocumentFiles(logger);
        folder = data.Folder("keys");
    }

    /// <summary>Every key; a damaged one is set aside and opens nothing, but counts as one that there was.</summary>
    public ValueTask<KeySet?> ReadAsync(long known, CancellationToken cancellation)
    {
        if (known == OnlyVersion)
            return new((KeySet?)null);
        var found = files.ReadAll(folder, StoredKeyJson.Default.StoredKey, (stored, name) => stored.Fault(name));
        return new(new KeySet(
            OnlyVersion,
            [.. found.Select(stored => new KeyDocument(stored.Key.Id, JsonSerializer.Serialize(stored, StoredKeyJson.Default.StoredKey)))],
            [],
            IsInitialized: found.Count > 0 || DocumentFiles.HasDamaged(folder)));
    }

    /// <inheritdoc/>
    public async ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation)
    {
        var path = Path.Combine(folder, id + ".json");
        try
        {
            if (content is null)
                await files.DeleteAsync(path, cancellation);
            else
                await files.WriteAsync(path, JsonSerializer.Deserialize(content, StoredKeyJson.Default.StoredKey)!, StoredKeyJson.Default.StoredKey, cancellation);
            return new KeyWrite(OnlyVersion);
        }
        catch (NotStoredException failed)
        {
            return new KeyWrite(null, $"{failed.Message}; free the disk and ask again");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => files.Dispose();
}

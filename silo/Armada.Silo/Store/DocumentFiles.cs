using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Armada.Silo.Engine;

namespace Armada.Silo.Store;

/// <summary>A document could not be made durable; the old one stands.</summary>
internal sealed class NotStoredException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>JSON files that are each replaced as a whole; a damaged one is set aside. Writes go one after another.</summary>
internal sealed partial class DocumentFiles(ILogger logger) : IDisposable
{
    private const string Damaged = ".damaged-";
    private readonly SemaphoreSlim writing = new(1);

    /// <summary>Reads every document of a folder, ordered by name, and deletes what interrupted writes left.</summary>
    /// <param name="fault">What is wrong with a document, given its file's name without ending; or null.</param>
    public IReadOnlyList<T> ReadAll<T>(string folder, JsonTypeInfo<T> type, Func<T, string, string?> fault)
        where T : class
    {
        foreach (var left in Directory.EnumerateFiles(folder, "*.json" + DurableFile.TemporaryEnding))
            File.Delete(left);
        var found = new List<T>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            if (Read(path, type, document => fault(document, Path.GetFileNameWithoutExtension(path))) is { } document)
                found.Add(document);
        }

        return found;
    }

    /// <summary>Reads a document; null where it is damaged, and then its file was set aside.</summary>
    /// <exception cref="IOException">The file cannot be read now; it stays where it is.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is another user's.</exception>
    public T? Read<T>(string path, JsonTypeInfo<T> type, Func<T, string?> fault)
        where T : class
    {
        try
        {
            var document = JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? throw new JsonException("it is empty");
            return fault(document) is { } reason ? throw new JsonException(reason) : document;
        }
        catch (JsonException damaged)
        {
            SetAside(path, damaged.Message);
            return null;
        }
    }

    /// <exception cref="NotStoredException"/>
    public Task WriteAsync<T>(string path, T document, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(document, type);
        return OnDiskAsync(path, target => DurableFile.Write(target, content), cancellation);
    }

    /// <summary>Removes a document durably; a missing one is removed already.</summary>
    /// <exception cref="NotStoredException"/>
    public Task DeleteAsync(string path, CancellationToken cancellation) => OnDiskAsync(path, DurableFile.Delete, cancellation);

    public void Dispose() => writing.Dispose();

    private async Task OnDiskAsync(string path, Action<string> write, CancellationToken cancellation)
    {
        using var held = await writing.EnterAsync(cancellation);
        try
        {
            await Task.Run(() => write(path), cancellation);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            LogNotStored(path, refused.Message);
            throw new NotStoredException($"'{Path.GetFileName(path)}' could not be stored: {refused.Message}", refused);
        }
    }

    private void SetAside(string path, string reason)
    {
        var number = 1;
        while (File.Exists($"{path}{Damaged}{number}"))
            number++;
        var aside = $"{path}{Damaged}{number}";
        File.Move(path, aside);
        LogDamaged(path, aside, reason);
    }

    [LoggerMessage(1001, LogLevel.Error, "{Path} is damaged ({Reason}); it was set aside as {Aside} and everything else goes on")]
    private partial void LogDamaged(string path, string aside, string reason);

    [LoggerMessage(1002, LogLevel.Error, "{Path} could not be stored: {Reason}")]
    private partial void LogNotStored(string path, string reason);
}

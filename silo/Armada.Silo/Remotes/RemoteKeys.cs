using System.Collections.Frozen;
using System.Text.Json;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Remotes;

/// <summary>The API keys for other services, by host and port. Nothing shows them.</summary>
public sealed class RemoteKeys
{
    private const int MaxFileBytes = 256 * 1024;
    private const int MaxKeyLength = 4096; // A bearer token with many claims.

    private readonly FrozenDictionary<string, string> keys;

    private RemoteKeys(IEnumerable<KeyValuePair<string, string>> keys) => this.keys = keys.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static RemoteKeys None { get; } = new([]);

    /// <summary>Reads a JSON object of host:port and key from a file that only its owner may access.</summary>
    /// <exception cref="SiloOptionsException">The file cannot be read, is malformed, or others may access it.</exception>
    public static RemoteKeys Read(string file)
    {
        try
        {
            if (SecretFile.IsOpenToOthers(file))
                throw new SiloOptionsException($"--remote-keys '{file}' may be accessed by others: chmod 600 '{file}'");
            if (new FileInfo(file).Length > MaxFileBytes)
                throw new SiloOptionsException($"--remote-keys '{file}' has more than {MaxFileBytes} bytes");
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return Of(file, json.RootElement);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException($"--remote-keys '{file}' cannot be read: {refused.Message}", refused);
        }
        catch (JsonException)
        {
            throw Malformed(file); // Without the JSON error, which may contain part of a key.
        }
    }

    internal string? Find(Uri address) => keys.GetValueOrDefault(HostAndPort(address));

    internal static string HostAndPort(Uri address) => $"{address.Host}:{address.Port}";

    private static RemoteKeys Of(string file, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw Malformed(file);
        var keys = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in root.EnumerateObject())
        {
            if (!Uri.TryCreate($"wss://{entry.Name}/", UriKind.Absolute, out var address)
                || address.PathAndQuery != "/" || address.UserInfo.Length > 0 || !entry.Name.EndsWith($":{address.Port}", StringComparison.Ordinal))
            {
                throw new SiloOptionsException($"--remote-keys '{file}': '{entry.Name}' must be host:port, such as arm.example:443");
            }

            if (entry.Value.ValueKind != JsonValueKind.String || entry.Value.GetString() is not { Length: > 0 and <= MaxKeyLength } key
                || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                throw new SiloOptionsException($"--remote-keys '{file}': the key of {entry.Name} must be printable ASCII without spaces");
            }

            if (!keys.TryAdd(HostAndPort(address), key))
                throw new SiloOptionsException($"--remote-keys '{file}': {entry.Name} is listed twice");
        }

        return new RemoteKeys(keys);
    }

    private static SiloOptionsException Malformed(string file) =>
        new($"--remote-keys '{file}' must be a JSON object of host:port and key, such as {{\"arm.example:443\": \"armada_…\"}}");
}

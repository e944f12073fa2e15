using System.Text.Json;

namespace Armada.EdgeAgent.Configuration;

/// <summary>Reads an agent's configuration file.</summary>
public static class ConfigurationFile
{
    /// <summary>Reads and checks a file; file names in it become absolute, relative to the file's own folder.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, is no JSON, has an unknown member or a value out of range.</exception>
    public static AgentConfiguration Load(string path)
    {
        var full = Path.GetFullPath(path);
        var configuration = Parse(path, ReadText(path));
        ConfigurationRules.Check(path, configuration);
        return Anchor(configuration, Path.GetDirectoryName(full) ?? "/");
    }

    /// <summary>Reads a file as it stands, without asking whether an agent could run it.</summary>
    /// <param name="path">Where it is, for messages.</param>
    /// <param name="text">Its bytes.</param>
    /// <exception cref="ConfigurationException">It is no JSON, or has an unknown member.</exception>
    internal static AgentConfiguration Draft(string path, byte[] text) => Parse(path, text);

    /// <summary>File names of a broker's TLS made absolute.</summary>
    internal static TlsSettings Anchor(TlsSettings tls, string folder) =>
        tls with { Ca = At(folder, tls.Ca), Certificate = At(folder, tls.Certificate), Key = At(folder, tls.Key) };

    private static byte[] ReadText(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"{path}: no such file; give the agent's configuration with --config FILE", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: cannot be read ({e.Message}); check its permissions", e);
        }
    }

    private static AgentConfiguration Parse(string path, byte[] text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ConfigurationJson.Default.AgentConfiguration)
                ?? throw new ConfigurationException($"{path}: is null; it must be an object with \"devices\"");
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{path}: {Where(e)}{Reason(e)}", e);
        }
    }

    private static string Where(JsonException e) =>
        e.LineNumber is { } line ? $"line {line + 1}{(e.Path is { Length: > 2 } at ? $", {at[2..]}" : "")}: " : "";

    private static string Reason(JsonException e)
    {
        var text = e.Message;
        if (text.Contains("could not be mapped", StringComparison.Ordinal))
            return $"unknown member {Quoted(text)}; remove it or correct its name";
        if (text.Contains("missing required properties", StringComparison.Ordinal))
            return $"missing {text[(text.LastIndexOf(':') + 2)..].TrimEnd('.')}; add it";
        if (text.Contains("could not be converted", StringComparison.Ordinal))
            return "the value is of the wrong type or not one of those allowed; correct it";
        return $"is not valid JSON ({text.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.')}); correct it";
    }

    private static string Quoted(string text)
    {
        var parts = text.Split('\'');
        return parts.Length > 1 ? $"\"{parts[1]}\"" : "";
    }

    private static AgentConfiguration Anchor(AgentConfiguration configuration, string folder) => configuration with
    {
        Broker = configuration.Broker is { Tls: { } tls } broker
            ? broker with { Tls = Anchor(tls, folder) }
            : configuration.Broker,
        Devices = [.. configuration.Devices.Select(device =>
            device.Calibration == DeviceSettings.FromEeprom ? device : device with { Calibration = At(folder, device.Calibration) })],
        ControlSocket = At(folder, configuration.ControlSocket),
    };

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(path))]
    private static string? At(string folder, string? path) => path is null ? null : Path.GetFullPath(path, folder);
}

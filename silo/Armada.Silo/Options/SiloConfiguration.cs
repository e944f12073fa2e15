using System.Collections;
using System.Globalization;

namespace Armada.Silo.Options;

/// <summary>
/// What the silo is told, from the weakest source to the strongest: ASP.NET Core's address variables, appsettings.json,
/// appsettings.{environment}.json, ARMADA_… and Logging__… variables, command line. Each reading collects what is wrong, in one line
/// that names the setting as it was given, its value and the remedy.
/// </summary>
internal sealed class SiloConfiguration
{
    private const string Json = "appsettings.json";

    // Read by other programs of the product, which may share the silo's environment.
    private static readonly string[] OtherVariables = ["ARMADA_FEED", "ARMADA_ENROLL_TOKEN", "ARMADA_SCSERVO_SDK"];

    private readonly List<string> problems = [];
    private readonly ConfigurationBuilder sources = new();
    private readonly List<Func<Setting, string>> names = []; // One for each source.
    private readonly IConfigurationRoot root;
    private string hostVariable = "ASPNETCORE_URLS";

    /// <param name="folder">Holds the JSON files, which may be missing.</param>
    /// <param name="commandLine">Values by <see cref="Setting.Key"/>.</param>
    public SiloConfiguration(string folder, IDictionary variables, IReadOnlyDictionary<string, string?> commandLine)
    {
        var environment = variables["ASPNETCORE_ENVIRONMENT"] as string ?? variables["DOTNET_ENVIRONMENT"] as string ?? "Production";
        Add(HostAddresses(variables), _ => hostVariable);
        AddJson(folder, Json);
        AddJson(folder, $"appsettings.{environment}.json");
        Add(ReadVariables(variables), setting => setting.Variable);
        Add(commandLine, setting => setting.Option);
        root = sources.Build();
        RefuseUnknownKeys();
    }

    public IReadOnlyList<string> Problems => problems;

    public IConfigurationSection Logging => root.GetSection("Logging");

    public bool IsSet(Setting setting) => !string.IsNullOrEmpty(root[setting.Key]) || List(setting).Count > 0;

    public string? Text(Setting setting) => root[setting.Key] is { Length: > 0 } text ? text : setting.Default;

    public bool Flag(Setting setting)
    {
        if (Text(setting) is not { } text)
            return false;
        if (bool.TryParse(text, out var flag))
            return flag;
        Refuse(setting, "must be true or false");
        return false;
    }

    /// <summary>A whole number within a range; null where it is not set or wrong.</summary>
    public int? Number(Setting setting, int min, int max)
    {
        if (Text(setting) is not { } text)
            return null;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Refuse(setting, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"));
        return null;
    }

    /// <summary>All of it comes from the strongest source that has any.</summary>
    public IReadOnlyList<string> List(Setting setting)
    {
        if (SourceOf(setting)?.Provider is not { } source)
            return [];
        return source.TryGet(setting.Key, out var text)
            ? text?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? []
            : [.. source.GetChildKeys([], setting.Key).Select(item => source.TryGet($"{setting.Key}:{item}", out var value) ? value ?? "" : "")];
    }

    /// <summary>Path of a file that exists; null where it is not set or wrong.</summary>
    public string? File(Setting setting)
    {
        if (Text(setting) is not { } path || System.IO.File.Exists(path))
            return Text(setting);
        Refuse(setting, "does not exist; give the path of a PEM file");
        return null;
    }

    /// <summary>Files that are given together or not at all; null where none is given, or something is wrong with one.</summary>
    public string[]? Files(params Setting[] settings)
    {
        if (!settings.Any(IsSet))
            return null;
        if (Array.Find(settings, setting => !IsSet(setting)) is { } missing)
        {
            Refuse($"{string.Join(", ", settings.Select(setting => setting.Option))} are given together or not at all; {missing.Option} is missing");
            return null;
        }

        var files = settings.Select(File).OfType<string>().ToArray();
        return files.Length == settings.Length ? files : null;
    }

    /// <summary>The setting as it was given, such as ARMADA_URLS.</summary>
    public string NameOf(Setting setting) => SourceOf(setting)?.NameOf(setting) ?? setting.Option;

    public void Refuse(Setting setting, string text) => Refuse(setting, root[setting.Key] ?? string.Join(';', List(setting)), text);

    public void Refuse(Setting setting, string value, string text) => Refuse($"{NameOf(setting)} '{value}' {text}");

    public void Refuse(string problem) => problems.Add(problem);

    private (IConfigurationProvider Provider, Func<Setting, string> NameOf)? SourceOf(Setting setting)
    {
        foreach (var (provider, nameOf) in root.Providers.Zip(names).Reverse())
        {
            if (provider.TryGet(setting.Key, out _) || provider.GetChildKeys([], setting.Key).Any())
                return (provider, nameOf);
        }

        return null;
    }

    private void Add(IEnumerable<KeyValuePair<string, string?>> values, Func<Setting, string> nameOf)
    {
        sources.AddInMemoryCollection(values);
        names.Add(nameOf);
    }

    private void AddJson(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        if (!System.IO.File.Exists(path))
            return;
        try
        {
            var json = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path)).Build();
            Add(json.AsEnumerable().Where(item => item.Value is not null), setting => $"{setting.Key} in {file}");
            foreach (var section in json.GetChildren().Where(section => !IsOneOf(section.Key, Setting.Section, "Logging")))
                Refuse($"{section.Key} in {path} is not read: settings are in the section {Setting.Section}, levels of the log in Logging; move or remove it");
        }
        catch (Exception refused) when (refused is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Refuse($"{path} cannot be read: {(refused.InnerException ?? refused).Message} Correct the file or remove it");
        }
    }

    private Dictionary<string, string?> HostAddresses(IDictionary variables)
    {
        if (variables["ASPNETCORE_URLS"] is string { Length: > 0 } urls)
            return new() { [Settings.Urls.Key] = urls };
        var ports = new[] { ("ASPNETCORE_HTTP_PORTS", "http"), ("ASPNETCORE_HTTPS_PORTS", "https") }
            .Where(variable => variables[variable.Item1] is string { Length: > 0 })
            .Select(variable => (Variable: variable.Item1, Urls: ((string)variables[variable.Item1]!).Split(';').Select(port => $"{variable.Item2}://0.0.0.0:{port}")))
            .ToArray();
        if (ports.Length == 0)
            return [];
        hostVariable = string.Join(" and ", ports.Select(port => port.Variable));
        return new() { [Settings.Urls.Key] = string.Join(';', ports.SelectMany(port => port.Urls)) };
    }

    private Dictionary<string, string?> ReadVariables(IDictionary variables)
    {
        var known = Settings.All.ToDictionary(setting => setting.Variable, StringComparer.OrdinalIgnoreCase);
        var found = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in variables.Cast<DictionaryEntry>().Select(variable => ((string)variable.Key, variable.Value as string)).Order())
        {
            if (known.TryGetValue(name, out var setting))
                found[setting.Key] = value;
            else if (name.StartsWith("Logging__", StringComparison.OrdinalIgnoreCase))
                found[name.Replace("__", ":", StringComparison.Ordinal)] = value;
            else if (name.StartsWith(Setting.VariablePrefix, StringComparison.OrdinalIgnoreCase) && !IsOneOf(name, OtherVariables))
                Refuse($"{name} is no setting of the silo; did you mean {EditDistance.Nearest(name.ToUpperInvariant(), known.Keys)}?");
            else if (name.StartsWith("Kestrel__", StringComparison.OrdinalIgnoreCase) || name.StartsWith("ASPNETCORE_Kestrel__", StringComparison.OrdinalIgnoreCase))
                Refuse($"{name} is not read: addresses and certificates are {Settings.Urls.Variable}, {Settings.TlsCert.Variable} and {Settings.TlsKey.Variable}; unset it");
        }

        return found;
    }

    private void RefuseUnknownKeys()
    {
        foreach (var item in root.GetSection(Setting.Section).GetChildren())
        {
            var setting = Settings.All.FirstOrDefault(setting => IsOneOf(item.Path, setting.Key));
            if (setting is null)
                Refuse($"{item.Path} in {Json} is no setting of the silo; did you mean {EditDistance.Nearest(item.Path, Settings.All.Select(known => known.Key))}?");
            else if (setting.Kind != SettingKind.List && item.GetChildren().Any())
                Refuse($"{item.Path} in {Json} must be one value");
        }
    }

    private static bool IsOneOf(string name, params string[] names) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
}

using System.Collections;
using System.CommandLine;
using Armada.Mqtt;
using Armada.Silo.Access.Keys;
using Armada.Silo.Identities;
using Armada.Silo.Store;

namespace Armada.Silo.Options;

/// <summary>The command line of the silo; its options are the strongest source of <see cref="SiloConfiguration"/>.</summary>
/// <param name="folder">Holds appsettings.json; null for the working directory.</param>
/// <param name="variables">The environment; null for the process's.</param>
internal sealed class SiloCommandLine(string? folder = null, IDictionary? variables = null)
{
    private const int BadOption = 2;

    /// <summary>Runs the silo, or a command on its keys or authorities; 2 where an option is wrong, 0 where it was told to end.</summary>
    public async Task<int> RunAsync(
        IReadOnlyList<string> args, Func<SiloOptions, CancellationToken, Task> run, TextWriter output, TextWriter errors, CancellationToken cancellation = default)
    {
        var options = Settings.All.ToDictionary(setting => setting, MakeOption);
        var data = (Option<string>)options[Settings.Data];
        data.Recursive = true;
        data.DefaultValueFactory = _ => Load(new Dictionary<string, string?>()).Text(Settings.Data)!;
        var root = new RootCommand(
            "Armada silo: routes the samples of leader arms to follower arms. Every option is also read from the environment (--max-sockets "
            + "as ARMADA_MAX_SOCKETS) and from the section Armada of appsettings.json in the working directory (MaxSockets); the command line wins.");
        foreach (var setting in Settings.All)
            root.Add(options[setting]);
        root.Add(new KeyCommands(data, TimeProvider.System).Make(output));
        root.Add(AuthorityCommands.Make(output));
        root.Add(HealthCommand.Make(() => Load(new Dictionary<string, string?>()), output));
        root.SetAction((line, ending) => run(SiloOptions.Read(Load(Given(line, options))), ending));

        var parsed = root.Parse(args);
        try
        {
            if (parsed.Errors.Count > 0)
                throw new SiloOptionsException(string.Join('\n', ProblemsOf(parsed)));
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception refused) when (refused is SiloOptionsException or NotStoredException or LinkConfigurationException)
        {
            foreach (var problem in refused.Message.Split('\n'))
                await errors.WriteLineAsync($"armada-silo: {problem}");
            return BadOption;
        }
    }

    private SiloConfiguration Load(IReadOnlyDictionary<string, string?> commandLine) =>
        new(folder ?? Directory.GetCurrentDirectory(), variables ?? Environment.GetEnvironmentVariables(), commandLine);

    private static Option MakeOption(Setting setting) => setting.Kind switch
    {
        SettingKind.Flag => new Option<bool>(setting.Option) { Description = setting.Description },
        SettingKind.List => new Option<string[]>(setting.Option)
        {
            Description = setting.Description,
            AllowMultipleArgumentsPerToken = setting == Settings.BrokerHost,
            DefaultValueFactory = _ => setting.Default is { } one ? [one] : [],
        },
        _ when setting.Default is { } standard => new Option<string>(setting.Option) { Description = setting.Description, DefaultValueFactory = _ => standard },
        _ => new Option<string?>(setting.Option) { Description = setting.Description },
    };

    private static IEnumerable<string> ProblemsOf(ParseResult line)
    {
        var unknown = line.UnmatchedTokens.Where(token => token.StartsWith('-')).ToArray();
        return unknown.Length == 0
            ? line.Errors.Select(error => error.Message)
            : unknown.Select(option => $"{option} is no option; did you mean {EditDistance.Nearest(option, Settings.All.Select(setting => setting.Option))}?")
                .Concat(line.Errors.Select(error => error.Message).Where(error => !line.UnmatchedTokens.Any(token => error.Contains($"'{token}'", StringComparison.Ordinal))));
    }

    private static Dictionary<string, string?> Given(ParseResult line, Dictionary<Setting, Option> options) =>
        options.Where(option => line.GetResult(option.Value) is { Implicit: false })
            .ToDictionary(
                option => option.Key.Key,
                option => option.Value switch
                {
                    Option<bool> flag => line.GetValue(flag) ? "true" : "false",
                    Option<string[]> list => string.Join(';', line.GetValue(list)!),
                    var text => line.GetValue((Option<string?>)text),
                });
}

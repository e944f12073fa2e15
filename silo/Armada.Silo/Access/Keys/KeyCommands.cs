using System.CommandLine;
using System.Globalization;
using Armada.Silo.Audit;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>The command line's <c>key add</c>, <c>key list</c> and <c>key revoke</c>, for a data folder that no running silo has.</summary>
internal sealed class KeyCommands(Option<string> data, TimeProvider time)
{
    // The name has a blank, which no key's has.
    private static readonly Caller CommandLine = new("command line", Role.Admin, "local");

    private readonly Option<string> name = new("--name") { Description = "What people call the key.", Required = true };

    private readonly Option<Role> role = new("--role") { Description = "viewer, operator or admin.", Required = true };

    private readonly Option<DateTimeOffset?> expires = new("--expires") { Description = "From when on it is no longer good, such as 2030-01-31." };

    private readonly Argument<string> id = new("id") { Description = "Id of the key, as 'key list' shows it." };

    /// <summary>The command with its parts.</summary>
    /// <param name="output">Takes what was asked for.</param>
    public Command Make(TextWriter output)
    {
        var add = new Command("add", "Make a key and print it. It is shown this once and kept nowhere.") { name, role, expires };
        add.SetAction((line, cancellation) => AddAsync(line, output, cancellation));
        var list = new Command("list", "Show every key, without what opens doors.");
        list.SetAction((line, cancellation) => ListAsync(line, output, cancellation));
        var revoke = new Command("revoke", "Make a key no longer good.") { id };
        revoke.SetAction(RevokeAsync);
        return new Command("key", "API keys of a silo that is not running; of a running one they are at /api/v1/keys.") { add, list, revoke };
    }

    private async Task<int> AddAsync(ParseResult line, TextWriter output, CancellationToken cancellation)
    {
        var (wanted, until) = (line.GetRequiredValue(name), line.GetValue(expires));
        if (KeyRules.FindNameProblem(wanted) is { } wrong)
            throw new SiloOptionsException($"--name {wrong}");
        if (KeyRules.FindExpiryProblem(until, time.GetUtcNow()) is { } expired)
            throw new SiloOptionsException($"--expires {expired}");
        if (!Enum.IsDefined(line.GetRequiredValue(role)))
            throw new SiloOptionsException("--role must be viewer, operator or admin");
        await using var open = await OpenAsync(line.GetRequiredValue(data), make: true);
        var answer = await open.Keys.MakeAsync(wanted, line.GetRequiredValue(role), until, keepAdmin: false, cancellation);
        if (answer.Refused is { } refused)
        {
            throw new SiloOptionsException(
                refused == KeyRefusal.Exists ? $"--name '{wanted}' is the name of a good key; revoke it first or choose another"
                : $"there are {KeyRing.Most} good keys; revoke some");
        }

        open.Audit.Record(CommandLine, "key-made", wanted, answer.Key!.Role.ToString().ToLowerInvariant());
        await output.WriteLineAsync(answer.Text);
        return 0;
    }

    private async Task<int> ListAsync(ParseResult line, TextWriter output, CancellationToken cancellation)
    {
        await using var open = await OpenAsync(line.GetRequiredValue(data), make: false);
        foreach (var key in open.Keys.All.OrderBy(key => key.Name, StringComparer.Ordinal))
            await output.WriteLineAsync(Describe(key).AsMemory(), cancellation);
        return 0;
    }

    private async Task<int> RevokeAsync(ParseResult line, CancellationToken cancellation)
    {
        var wanted = line.GetRequiredValue(id);
        await using var open = await OpenAsync(line.GetRequiredValue(data), make: false);
        var answer = await open.Keys.RevokeAsync(wanted, keepAdmin: false, cancellation);
        if (answer.Refused is not null)
            throw new SiloOptionsException($"there is no key '{wanted}'; 'armada-silo key list' shows all");
        open.Audit.Record(CommandLine, "key-revoked", wanted);
        return 0;
    }

    private string Describe(ApiKey key)
    {
        var state = key.Revoked is { } revoked ? $"revoked {Day(revoked)}"
            : key.IsGood(time.GetUtcNow()) ? key.Expires is { } until ? $"until {Day(until)}" : "for ever"
            : $"expired {Day(key.Expires!.Value)}";
        var used = key.LastUsed is { } day ? $"last used {day.ToString("O", CultureInfo.InvariantCulture)}" : "never used";
        return $"{key.Id}  {key.Role.ToString().ToLowerInvariant(),-8}  {key.Name}  {state}, {used}";
    }

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private async Task<OpenFolder> OpenAsync(string path, bool make)
    {
        if (!make && !Directory.Exists(path))
            throw new SiloOptionsException($"--data '{path}' is no folder");
        var logs = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        DataFolder? folder = null;
        try
        {
            folder = new DataFolder(path);
            var files = new KeyFiles(folder, logs.CreateLogger<KeyFiles>());
            var open = new OpenFolder(
                logs,
                folder,
                files,
                new KeyRing(files, time, logs.CreateLogger<KeyRing>()),
                new AuditTrail(folder, new AuditSize(), time, logs.CreateLogger<AuditTrail>()));
            await open.Keys.RefreshAsync(CancellationToken.None);
            await open.Audit.StartAsync(CancellationToken.None);
            return open;
        }
        catch (SiloOptionsException refused)
        {
            folder?.Dispose();
            logs.Dispose();
            throw new SiloOptionsException($"{refused.Message} Keys of a running silo are made and revoked at its /api/v1/keys.", refused);
        }
    }

    private sealed record OpenFolder(ILoggerFactory Logs, DataFolder Folder, KeyFiles Files, KeyRing Keys, AuditTrail Audit) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Audit.DisposeAsync();
            Keys.Dispose();
            Files.Dispose();
            Folder.Dispose();
            Logs.Dispose();
        }
    }
}

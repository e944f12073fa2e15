using System.CommandLine;
using System.Globalization;
using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Grains;
using Armada.Grains.Storage;
using Armada.Silo.Cluster;
using Armada.Silo.Options;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Armada.Silo.Access.Keys;

/// <summary>The command line's <c>key add</c>, <c>key list</c> and <c>key revoke</c> for the keys in a data folder, whether or not its silo runs.</summary>
internal sealed class KeyCommands(Option<string> data, TimeProvider time)
{
    // The name has a blank, which no key's has.
    private static readonly Caller CommandLine = new("command line", Role.Admin, "local");

    private readonly Option<string> name = new("--name") { Description = "What people call the key.", Required = true };

    private readonly Option<Role> role = new("--role") { Description = "viewer, operator or admin.", Required = true };

    private readonly Option<DateTimeOffset?> expires = new("--expires") { Description = "When it expires, such as 2030-01-31." };

    private readonly Argument<string> id = new("id") { Description = "Id of the key, as 'key list' shows it." };

    public Command Make(TextWriter output)
    {
        var add = new Command("add", "Create a key and print it. It is shown this once and stored nowhere.") { name, role, expires };
        add.SetAction((line, cancellation) => AddAsync(line, output, cancellation));
        var list = new Command("list", "List all keys, without their secrets.");
        list.SetAction((line, cancellation) => ListAsync(line, output, cancellation));
        var revoke = new Command("revoke", "Revoke a key.") { id };
        revoke.SetAction(RevokeAsync);
        return new Command("key", "API keys of the silo whose data folder is given; a running silo learns of changes within a second.") { add, list, revoke };
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
                refused == KeyRefusal.Exists ? $"--name '{wanted}' is the name of a valid key; revoke it first or choose another"
                : $"there are {KeyRing.MaxKeys} valid keys; revoke some");
        }

        await open.AuditAsync(CommandLine, time.GetUtcNow(), "key-made", wanted, KindNames.Of(answer.Key!.Role));
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
        await open.AuditAsync(CommandLine, time.GetUtcNow(), "key-revoked", wanted);
        return 0;
    }

    private string Describe(ApiKey key)
    {
        var state = key.Revoked is { } revoked ? $"revoked {Day(revoked)}"
            : key.IsValid(time.GetUtcNow()) ? key.Expires is { } until ? $"until {Day(until)}" : "does not expire"
            : $"expired {Day(key.Expires!.Value)}";
        var used = key.LastUsed is { } day ? $"last used {day.ToString("O", CultureInfo.InvariantCulture)}" : "never used";
        return $"{key.Id}  {KindNames.Of(key.Role),-8}  {key.Name}  {state}, {used}";
    }

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private async Task<OpenStorage> OpenAsync(string path, bool make)
    {
        if (make)
            Directory.CreateDirectory(path);
        else if (!Directory.Exists(path))
            throw new SiloOptionsException($"--data '{path}' does not exist");
        var services = new ServiceCollection();
        services.AddLogging(logging => logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        services.AddSerializer();
        services.AddSingleton(time);
        services.AddSqliteDatabase(ClusterHost.DatabaseIn(path));
        services.AddSqliteAuditStore();
        services.AddKeyedSingleton<IGrainStorage>(GrainStores.Armada, (provider, _) => new SqliteGrainStorage(
            provider.GetRequiredService<SqliteDatabase>(),
            ClusterHost.LocalCluster,
            new OrleansGrainStorageSerializer(provider.GetRequiredService<Serializer>()),
            provider.GetRequiredService<IActivatorProvider>()));
        services.AddKeyedSingleton<IStateQuarantine>(GrainStores.Armada, (provider, _) => new SqliteStateQuarantine(
            provider.GetRequiredService<SqliteDatabase>(), ClusterHost.LocalCluster, time));
        services.AddSingleton<IKeyStore, StoredKeys>();
        services.AddSingleton<KeyRing>();
        var open = new OpenStorage(services.BuildServiceProvider());
        try
        {
            await open.Database.OpenAsync();
            await open.Keys.RefreshAsync(CancellationToken.None);
            return open;
        }
        catch (Exception unusable) when (unusable is StorageException or EngineUnreachableException)
        {
            await open.DisposeAsync();
            throw new SiloOptionsException(unusable.Message, unusable);
        }
    }

    private sealed class OpenStorage(ServiceProvider services) : IAsyncDisposable
    {
        public SqliteDatabase Database => services.GetRequiredService<SqliteDatabase>();

        public KeyRing Keys => services.GetRequiredService<KeyRing>();

        public Task AuditAsync(Caller caller, DateTimeOffset at, string what, string subject, string? detail = null) =>
            services.GetRequiredService<IAuditStore>().AppendAsync([new AuditEntry(at, caller.Name, KindNames.Of(caller.Role), caller.From, what, subject, detail)]);

        public ValueTask DisposeAsync() => services.DisposeAsync();
    }
}

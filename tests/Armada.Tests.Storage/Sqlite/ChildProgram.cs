using System.Globalization;
using Armada.Grains.Storage;
using Armada.Testing.Processes;
using Armada.Tests.Storage.Support;
using Microsoft.Data.Sqlite;

namespace Armada.Tests.Storage.Sqlite;

/// <summary>What this assembly does as a process of its own: it writes until it is killed, or holds a lock.</summary>
internal static class ChildProgram
{
    public const int Arms = 6;
    public const int EntriesAtOnce = 3;

    /// <summary>Starts one that writes; it prints "ready", and "arm [index] [version]" or "audit [number]" as acknowledged.</summary>
    public static RunningProcess Write(string path) => Start("write", path);

    /// <summary>Starts one that writes the next version at each line; it prints "stored", or "refused" with the reason.</summary>
    public static RunningProcess WriteOnDemand(string path) => Start("write-on-demand", path);

    /// <summary>Starts one that begins a transaction (IMMEDIATE or EXCLUSIVE), prints "held", and ends it at a line.</summary>
    public static RunningProcess Hold(string path, string transaction) => Start("hold", path, transaction);

    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["write", var path]:
                await WriteAsync(path);
                return 0;
            case ["write-on-demand", var path]:
                await WriteOnDemandAsync(path);
                return 0;
            case ["hold", var path, var transaction]:
                Hold(path, transaction, Console.In);
                return 0;
            default:
                return 2;
        }
    }

    // Where its files may not grow, it shall hear of it instead of being ended by the signal.
    private static RunningProcess Start(params string[] arguments) => RunningProcess.Start(
        "bash", ["-c", "trap '' XFSZ; exec dotnet \"$@\"", "bash", typeof(ChildProgram).Assembly.Location, .. arguments], null);

    private static async Task<SqliteDatabase> OpenAsync(string path)
    {
        var database = SqliteFile.New(path);
        await database.OpenAsync();
        return database;
    }

    private static async Task WriteAsync(string path)
    {
        var database = await OpenAsync(path);
        Console.WriteLine("ready");
        var arms = Enumerable.Range(0, Arms).Select(index => WriteArmAsync(SqliteFile.GrainsOf(database), index));
        await Task.WhenAll(arms.Append(AppendAsync(database)));
    }

    private static async Task WriteArmAsync(SqliteGrainStorage grains, int index)
    {
        var id = OrleansParts.Arm(index.ToString(CultureInfo.InvariantCulture));
        var state = new GrainState<ArmState>();
        await grains.ReadStateAsync("arm", id, state);
        while (true)
        {
            var version = state.State!.Version + 1;
            state.State = ArmState.Of(version, size: 200 + (version * 7919 % 20_000));
            await grains.WriteStateAsync("arm", id, state);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"arm {index} {version}"));
        }
    }

    private static async Task AppendAsync(SqliteDatabase database)
    {
        var audit = new SqliteAuditStore(database, new AuditRetention(), TimeProvider.System);
        var last = await audit.ReadAsync(new AuditQuery { Limit = 1 });
        for (var number = last is [var newest] ? int.Parse(newest.Entry.Subject, CultureInfo.InvariantCulture) + 1 : 1; ; number++)
        {
            var subject = number.ToString(CultureInfo.InvariantCulture);
            await audit.AppendAsync([.. Enumerable.Range(0, EntriesAtOnce).Select(
                index => new AuditEntry(DateTimeOffset.UtcNow, "ann", "Operator", "", "robot-changed", subject, $"{index}"))]);
            Console.WriteLine($"audit {subject}");
        }
    }

    private static async Task WriteOnDemandAsync(string path)
    {
        await using var database = await OpenAsync(path);
        var grains = SqliteFile.GrainsOf(database);
        var id = OrleansParts.Arm("0");
        var state = new GrainState<ArmState>(new ArmState());
        Console.WriteLine("ready");
        for (var version = 1; await Console.In.ReadLineAsync() is { Length: > 0 }; version++)
        {
            try
            {
                state.State = ArmState.Of(version, size: 50_000);
                await grains.WriteStateAsync("arm", id, state);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"stored {version}"));
            }
            catch (StorageWriteException refused)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"refused {version}: {refused.Message}"));
            }
        }
    }

    private static void Hold(string path, string transaction, TextReader input)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Execute(connection, transaction == "EXCLUSIVE" ? "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE" : "BEGIN IMMEDIATE");
        Console.WriteLine("held");
        input.ReadLine();
        Execute(connection, "COMMIT");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}

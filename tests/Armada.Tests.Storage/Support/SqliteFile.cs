using Armada.Grains.Storage;
using Armada.Testing;
using Microsoft.Data.Sqlite;

namespace Armada.Tests.Storage.Support;

/// <summary>A database in a folder of its own, which can be closed, looked into and opened again.</summary>
public sealed class SqliteFile : IAsyncDisposable
{
    public const string Service = "armada";

    private readonly TempFolder folder = new();
    private readonly RecordedLog? logs;
    private SqliteDatabase? database;

    public SqliteFile(RecordedLog? logs = null) => (this.logs, Path) = (logs, folder.File("armada.db"));

    public string Path { get; }

    /// <summary>The open database.</summary>
    public SqliteDatabase Database => database ?? throw new InvalidOperationException("open it first");

    public SqliteGrainStorage Grains => GrainsOf(Database);

    public static async Task<SqliteFile> OpenedAsync(RecordedLog? logs = null)
    {
        var file = new SqliteFile(logs);
        await file.OpenAsync();
        return file;
    }

    /// <summary>A database that is not open yet.</summary>
    public static SqliteDatabase New(string path, RecordedLog? logs = null, TimeSpan? lockTimeout = null) => new(
        new SqliteDatabaseOptions { Path = path, LockTimeout = lockTimeout ?? TimeSpan.FromSeconds(5) },
        logs ?? new RecordedLog());

    public static SqliteGrainStorage GrainsOf(SqliteDatabase database) =>
        new(database, Service, OrleansParts.Serializer, OrleansParts.Activators);

    public async Task OpenAsync(TimeSpan? lockTimeout = null)
    {
        database = New(Path, logs, lockTimeout);
        await Eventually.Happens("the database opens", database.OpenAsync(), TimeSpan.FromSeconds(30));
    }

    public async Task CloseAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
        database = null;
    }

    /// <summary>Closes and opens it.</summary>
    public async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    /// <summary>Runs SQL on a connection of its own, as another program does.</summary>
    public T? Sql<T>(string sql, params (string Name, object Value)[] parameters) => Sql<T>(Path, sql, parameters);

    /// <summary>Runs SQL on a connection of its own, as another program does.</summary>
    public static T? Sql<T>(string path, string sql, params (string Name, object Value)[] parameters)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Of tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command.ExecuteScalar() is T value1 ? value1 : default;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        folder.Dispose();
    }
}

using Microsoft.Data.Sqlite;

namespace Armada.Testing.Engine;

/// <summary>Makes every write of one grain's record in an embedded storage fail until it is disposed; no user, root included, gets around it.</summary>
public sealed class BrokenRecord : IDisposable
{
    private readonly string connection;

    /// <param name="database">The file.</param>
    /// <param name="grainKey">Key of the grain, such as a robot's id.</param>
    public BrokenRecord(string database, string grainKey)
    {
        connection = ConnectionTo(database);
        Execute($"""
            CREATE TRIGGER broken_insert BEFORE INSERT ON grain_state WHEN NEW.grain_key = '{grainKey}' BEGIN SELECT RAISE(ABORT, 'broken by a test'); END;
            CREATE TRIGGER broken_update BEFORE UPDATE ON grain_state WHEN NEW.grain_key = '{grainKey}' BEGIN SELECT RAISE(ABORT, 'broken by a test'); END;
            CREATE TRIGGER broken_delete BEFORE DELETE ON grain_state WHEN OLD.grain_key = '{grainKey}' BEGIN SELECT RAISE(ABORT, 'broken by a test'); END;
            """);
    }

    public void Dispose() => Execute("DROP TRIGGER broken_insert; DROP TRIGGER broken_update; DROP TRIGGER broken_delete;");

    /// <summary>Changes the bytes of a grain's record, as a failing disk does; the silo is not running.</summary>
    public static void Damage(string database, string grainKey) =>
        Execute(ConnectionTo(database), $"UPDATE grain_state SET data = x'00' WHERE grain_key = '{grainKey}'");

    private void Execute(string sql) => Execute(connection, sql);

    private static string ConnectionTo(string database) => new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString();

    private static void Execute(string connection, string sql)
    {
        using var open = new SqliteConnection(connection);
        open.Open();
        using var command = open.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

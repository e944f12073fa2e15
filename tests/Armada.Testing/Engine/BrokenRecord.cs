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
        connection = new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString();
        Execute($"""
            CREATE TRIGGER broken_insert BEFORE INSERT ON grain_state WHEN NEW.grain_key = '{grainKey}' BEGIN SELECT RAISE(ABORT, 'broken by a test'); END;
            CREATE TRIGGER broken_update BEFORE UPDATE ON grain_state WHEN NEW.grain_key = '{grainKey}' BEGIN SELECT RAISE(ABORT, 'broken by a test'); END;
            CREATE TRIGGER broken_delete BEFORE DELETE ON grain_state WHEN OLD.grain_key = '{grainKey}' BEGIN SELECT RAISE(ABORT, 'broken by a test'); END;
            """);
    }

    public void Dispose() => Execute("DROP TRIGGER broken_insert; DROP TRIGGER broken_update; DROP TRIGGER broken_delete;");

    private void Execute(string sql)
    {
        using var open = new SqliteConnection(connection);
        open.Open();
        using var command = open.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

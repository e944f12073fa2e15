namespace Armada.Grains.Storage;

/// <summary>
/// The tables, as a list of steps. A step that was released is never changed: whatever comes is a further step. The number of steps
/// that a file has seen is its version (PRAGMA user_version).
/// </summary>
internal static class SqliteSchema
{
    /// <summary>Marks a file as Armada's ("ArmD"; PRAGMA application_id).</summary>
    public const long ApplicationId = 0x41726D44;

    /// <summary>Tables whose damage keeps the database from being opened; a damaged audit log stops no robot.</summary>
    public static readonly string[] CheckedTables = ["grain_state", "set_aside"];

    /// <summary>Each takes a file from the version that is its index to the next one.</summary>
    public static readonly string[] Migrations =
    [
        """
        CREATE TABLE grain_state (
            service TEXT NOT NULL,
            grain_type TEXT NOT NULL,
            grain_key TEXT NOT NULL,
            state_name TEXT NOT NULL,
            etag TEXT NOT NULL,
            data BLOB NOT NULL,
            checksum INTEGER NOT NULL,
            PRIMARY KEY (service, grain_type, grain_key, state_name)
        ) STRICT;
        CREATE TABLE set_aside (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            service TEXT NOT NULL,
            grain_type TEXT NOT NULL,
            grain_key TEXT NOT NULL,
            state_name TEXT NOT NULL,
            etag TEXT NOT NULL,
            data BLOB NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT;
        """,
    ];

    /// <summary>The version that this release writes.</summary>
    public static int Current => Migrations.Length;
}

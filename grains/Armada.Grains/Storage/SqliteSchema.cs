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
        """
        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            who TEXT NOT NULL,
            role TEXT NOT NULL,
            source TEXT NOT NULL,
            what TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT,
            is_stop INTEGER NOT NULL,
            fold BLOB,
            repeats INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            size INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_kind ON audit (is_stop);
        CREATE INDEX audit_by_subject ON audit (subject);
        CREATE INDEX audit_by_what ON audit (what);
        CREATE INDEX audit_stops_by_actor ON audit (who) WHERE is_stop = 1;
        CREATE INDEX audit_stops_by_fold ON audit (fold) WHERE is_stop = 1;
        CREATE TABLE audit_size (is_stop INTEGER PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
        INSERT INTO audit_size (is_stop, bytes) VALUES (0, 0), (1, 0);
        CREATE TRIGGER audit_added AFTER INSERT ON audit BEGIN
            UPDATE audit_size SET bytes = bytes + NEW.size WHERE is_stop = NEW.is_stop;
        END;
        CREATE TRIGGER audit_removed AFTER DELETE ON audit BEGIN
            UPDATE audit_size SET bytes = bytes - OLD.size WHERE is_stop = OLD.is_stop;
        END;
        """,
    ];

    public static int Current => Migrations.Length;
}

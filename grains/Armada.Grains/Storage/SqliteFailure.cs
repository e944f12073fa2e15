using Microsoft.Data.Sqlite;

namespace Armada.Grains.Storage;

/// <summary>Says of an error of SQLite what happened and what helps.</summary>
internal static class SqliteFailure
{
    /// <summary>The file, the cause and the remedy in one line.</summary>
    public static string Explain(string path, string failed, SqliteException error)
    {
        var (cause, remedy) = Of(path, error);
        return $"database '{path}' {failed}: {cause}; {remedy}";
    }

    private static (string Cause, string Remedy) Of(string path, SqliteException error) => error.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => (
            "another process has locked it", "end that process, or wait until it is done, and try again"),
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_PERM or SQLitePCL.raw.SQLITE_AUTH => (
            "it or its folder is read-only", "let this user write both"),
        SQLitePCL.raw.SQLITE_FULL => ("the disk is full", "free some space; nothing else is needed"),
        SQLitePCL.raw.SQLITE_IOERR => (
            $"the disk reported an error (SQLite code {error.SqliteExtendedErrorCode})", "check the disk, its quota and its free space"),
        SQLitePCL.raw.SQLITE_CANTOPEN => (
            "it or its folder cannot be opened", "check that the folder exists and that this user may write in it"),
        SQLitePCL.raw.SQLITE_CORRUPT => ("it is damaged", Recover(path)),
        SQLitePCL.raw.SQLITE_NOTADB => ("it is not a SQLite database, or its header is damaged", Recover(path)),
        _ => (error.Message, "see the code at https://sqlite.org/rescode.html"),
    };

    /// <summary>What helps against damage.</summary>
    public static string Recover(string path) =>
        $"restore a backup, or move the file away and run: sqlite3 <moved file> .recover | sqlite3 '{path}'";
}

-- A file of version 1: grain state and what was set aside.
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
INSERT INTO grain_state (service, grain_type, grain_key, state_name, etag, data, checksum) VALUES
    ('armada', 'armada.test-arm', 'one', 'arm', '0123456789abcdef0123456789abcdef',
     X'20401376657273696F6E2031010541290101010101010101010101010101010101010101E0', -2264312881042363343);
INSERT INTO set_aside (at, reason, service, grain_type, grain_key, state_name, etag, data, checksum) VALUES
    (1735689600000000, 'refused', 'armada', 'armada.test-arm', 'two', 'arm', 'e2', X'20FF', 1);
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1098018116;
PRAGMA user_version = 1;

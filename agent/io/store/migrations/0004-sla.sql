-- Maintenance as it was announced; down time in it does not count. ended NULL: it goes on.
CREATE TABLE maintenance_span (
    span_id INTEGER PRIMARY KEY,
    path_id TEXT NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER,
    author TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
-- Sharpens the edges of incidents and names their cause.
CREATE TABLE status_change (
    change_id INTEGER PRIMARY KEY,
    timestamp INTEGER NOT NULL,
    path_id TEXT NOT NULL,
    status TEXT NOT NULL,
    cause TEXT NOT NULL
) STRICT;
CREATE INDEX idx_status_change_time ON status_change(timestamp);

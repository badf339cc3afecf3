-- What waits for delivery. A body lies on overflow pages of its own, which a DELETE frees whole.
CREATE TABLE destination (
  dest INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  not_before_ms INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE item (
  seq INTEGER PRIMARY KEY,
  dest INTEGER NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  content_type TEXT NOT NULL,
  body BLOB NOT NULL
);
-- Holds (dest, seq): the order of one destination.
CREATE INDEX item_by_dest ON item (dest);
CREATE TABLE dead_letter (
  n INTEGER PRIMARY KEY,
  letter TEXT NOT NULL
);

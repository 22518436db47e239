-- Slots of the next tier that must be built again from this file's chunks: the hours of a raw file's day, the days of a
-- minute file's month, counted from the file's first. Written in the transaction that changes chunks, deleted once what
-- was built is committed in its own file.
CREATE TABLE stale (
  host INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  PRIMARY KEY (host, slot)
) STRICT, WITHOUT ROWID;

-- Only raw files are older than this script, and nothing was built from them: six slots of 600 s an hour.
INSERT INTO stale SELECT DISTINCT k >> 35, ((k >> 18) & 131071) / 6 FROM chunk;

-- A row here says that something of the file's period was built already when it was made: what it was built from is gone,
-- and may have told more.
CREATE TABLE partial (
  made INTEGER PRIMARY KEY
) STRICT;

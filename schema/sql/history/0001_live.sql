-- live.db: what is not sealed into chunk files yet, and what must be known before any tick can be read.

-- One row per commit: every host's ticks of that commit, packed (server/history/ahead.h). Ids only grow.
CREATE TABLE ahead (
  id INTEGER PRIMARY KEY,
  v BLOB NOT NULL
) STRICT;

-- Series of a host; `number` is the column id in chunks. Attributes: key, NUL, value, NUL, sorted by key.
CREATE TABLE series (
  host INTEGER NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  attributes BLOB NOT NULL,
  unit TEXT NOT NULL,
  kind INTEGER NOT NULL,
  multiply INTEGER NOT NULL,
  divide INTEGER NOT NULL,
  PRIMARY KEY (host, number)
) STRICT, WITHOUT ROWID;

-- Boots of a host, numbered from 1 in the order they were first seen.
CREATE TABLE boot (
  host INTEGER NOT NULL,
  number INTEGER NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (host, number)
) STRICT, WITHOUT ROWID;

-- Newest durable tick of each stream as of the last deletion from `ahead`; newer ones follow from the rows left there.
-- `seen` is Unix milliseconds: streams unseen for 30 days are dropped.
CREATE TABLE mark (
  host INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  last INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (host, stream)
) STRICT, WITHOUT ROWID;

-- Hosts whose samples were dropped: their ticks in `ahead` up to `through` are not replayed.
CREATE TABLE forgotten (
  host INTEGER PRIMARY KEY,
  through INTEGER NOT NULL
) STRICT;

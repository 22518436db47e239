-- What agents report beside samples: boots, OOM kills, failed units. `id` is the agent's: the same happening told twice
-- is one row.
CREATE TABLE happening (
  host INTEGER NOT NULL REFERENCES host (number) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (host, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX happening_by_time ON happening (host, at);

-- How often the collector's clock was found to have been set back under a host's history (docs/decisions/0005). Absent: never.
CREATE TABLE epoch (
  host INTEGER PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT;

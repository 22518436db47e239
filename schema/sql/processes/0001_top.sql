-- A day's lists of the processes that used most (top-YYYYMMDD.db): k = host 28 bits | milliseconds within the day 27 bits.
-- v = version byte, then the list (server/processes/row.h). Never WITHOUT ROWID: blobs would make every page split costly.
CREATE TABLE top (
  k INTEGER PRIMARY KEY,
  v BLOB NOT NULL
) STRICT;

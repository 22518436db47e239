-- A chunk file (raw-YYYYMMDD.db): k = host 28 bits | slot within the file 17 | column group 10 | part 8.
-- v = version byte, then the columns (schema/chunk). Never WITHOUT ROWID: blobs would make every page split costly.
CREATE TABLE chunk (
  k INTEGER PRIMARY KEY,
  v BLOB NOT NULL
) STRICT;

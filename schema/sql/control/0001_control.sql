-- control.db: hosts, people, tokens, alerts, outbox. Times are Unix milliseconds UTC; digests are SHA-256 in hex, the
-- secrets themselves are never stored; words are those of the API ("unresponsive", "firing").

-- AUTOINCREMENT: a number is never given twice, because it names the host's samples in the history.
CREATE TABLE host (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  tags TEXT NOT NULL DEFAULT '[]',
  enrolled INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0,
  key_digest TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE host_facts (
  host INTEGER PRIMARY KEY REFERENCES host (number) ON DELETE CASCADE,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE host_status (
  host INTEGER PRIMARY KEY REFERENCES host (number) ON DELETE CASCADE,
  status TEXT NOT NULL,
  since INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

CREATE TABLE outage (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  host INTEGER NOT NULL REFERENCES host (number) ON DELETE CASCADE,
  began INTEGER NOT NULL,
  ended INTEGER,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  correction TEXT NOT NULL,
  notified INTEGER NOT NULL
) STRICT;
CREATE INDEX outage_by_host ON outage (host, began);

CREATE TABLE user (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  role TEXT NOT NULL,
  password TEXT NOT NULL
) STRICT;

CREATE TABLE login (
  sid_digest TEXT PRIMARY KEY,
  user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Kept for a while after their end, so that a refusal can say why.
CREATE TABLE enrolment_token (
  digest TEXT PRIMARY KEY,
  uses_left INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the alert engine needs to go on after a restart; opaque here.
CREATE TABLE alert_state (
  key TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  host INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  phase TEXT NOT NULL,
  severity TEXT NOT NULL,
  since INTEGER NOT NULL,
  value REAL,
  reason TEXT NOT NULL,
  notifies_at INTEGER,
  incident INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_by_phase ON alert (phase, since);

-- The outbox. `finished` is when it was delivered or given up.
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident INTEGER NOT NULL,
  transition TEXT NOT NULL,
  receiver TEXT NOT NULL,
  notice TEXT NOT NULL,
  message_id TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_answer TEXT NOT NULL DEFAULT '',
  finished INTEGER,
  delivered INTEGER NOT NULL DEFAULT 0,
  UNIQUE (incident, transition, receiver)
) STRICT;
CREATE INDEX delivery_waiting ON delivery (not_before) WHERE finished IS NULL;

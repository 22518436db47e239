-- What a value is measured in ("1", "By/s"; empty for host-down), and when people were told that the alert fires.
ALTER TABLE alert ADD COLUMN unit TEXT NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN notified_at INTEGER;

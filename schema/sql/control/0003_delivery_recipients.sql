-- Recipients of a mail that have it or refused it for good, a JSON array of addresses: not asked again.
ALTER TABLE delivery ADD COLUMN settled TEXT NOT NULL DEFAULT '[]';

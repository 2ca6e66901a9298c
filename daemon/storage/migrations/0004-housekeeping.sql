-- What keeping a history for years needs.

-- When an event of this name was last committed, seconds; NULL when that is not known.
ALTER TABLE name ADD COLUMN committed REAL;

-- How often sources were declared to have events.
CREATE TABLE source_cadence (
  source TEXT PRIMARY KEY,
  seconds REAL NOT NULL,
  declared REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- Events that were forgotten on request: keyed hashes of their identities, so that no copy is taken again.
CREATE TABLE tombstone (
  mac BLOB PRIMARY KEY,
  bucket INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstone_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  key BLOB NOT NULL
) STRICT;

-- When something was forgotten, and how much; never what. `ended` is NULL until its traces are cleared.
CREATE TABLE forgetting (
  id INTEGER PRIMARY KEY,
  began REAL NOT NULL,
  ended REAL,
  events INTEGER NOT NULL DEFAULT 0,
  patterns INTEGER NOT NULL DEFAULT 0,
  names INTEGER NOT NULL DEFAULT 0,
  index_parts TEXT NOT NULL DEFAULT '[]'
) STRICT;

-- How far retention has come, for each number of days that events are kept: what arrived up to after_id was looked at, and
-- nothing is left whose timestamp and arrival are both before cutoff. Valid for the rules in meta.retention_rules only.
CREATE TABLE retention_mark (
  days REAL PRIMARY KEY,
  after_id INTEGER NOT NULL,
  cutoff REAL
) STRICT;

-- How many events were deleted out of each part of the search index, since it was made and before.
CREATE TABLE removed_from_part (
  part INTEGER PRIMARY KEY,
  events INTEGER NOT NULL,
  before INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Events with an id up to meta.waiting_up_to that nobody has marked as processed, in the order of pages. Empty, and without
-- that entry, until somebody marks something.
CREATE TABLE waiting (
  type_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  timestamp REAL NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (type_id, source_id, timestamp, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_deleted AFTER DELETE ON event WHEN old.processed = 0
BEGIN
  DELETE FROM waiting
  WHERE type_id = old.type_id AND source_id = old.source_id AND timestamp = old.timestamp AND id = old.id;
END;

CREATE TRIGGER event_processed AFTER UPDATE OF processed ON event WHEN old.processed = 0 AND new.processed <> 0
BEGIN
  DELETE FROM waiting
  WHERE type_id = old.type_id AND source_id = old.source_id AND timestamp = old.timestamp AND id = old.id;
END;

CREATE TRIGGER event_unprocessed AFTER UPDATE OF processed ON event WHEN old.processed <> 0 AND new.processed = 0
BEGIN
  INSERT INTO waiting (type_id, source_id, timestamp, id)
  SELECT new.type_id, new.source_id, new.timestamp, new.id
  FROM meta WHERE key = 'waiting_up_to' AND new.id <= value;
END;

-- Events that retention has removed, ever.
INSERT INTO meta (key, value) SELECT 'retention_removed', coalesce(sum(removed), 0) FROM rollup;

-- The same columns. LEFT JOIN, though every event has a type and a source: so that whoever asks for the newest events with
-- another program has them read in their own order, and not all of them by their names.
DROP VIEW events;

CREATE VIEW events AS
SELECT
  event.id AS id,
  event.timestamp AS timestamp,
  type.text AS event_type,
  action.text AS action,
  source.text AS source,
  CASE typeof(event.data) WHEN 'text' THEN event.data END AS data_json,
  CASE typeof(event.data) WHEN 'blob' THEN event.data END AS data_compressed,
  lower(hex(event.hash)) AS hash,
  event.processed AS processed,
  datetime(event.arrived, 'unixepoch') AS created_at
FROM event
LEFT JOIN name AS type ON type.kind = 'type' AND type.id = event.type_id
LEFT JOIN name AS source ON source.kind = 'source' AND source.id = event.source_id
LEFT JOIN name AS action ON action.kind = 'action' AND action.id = event.action_id;

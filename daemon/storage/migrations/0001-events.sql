-- Small facts about the database itself: database_id, last_id, last_cleanup_ms, and a count of flushes without events.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Dictionary of types, sources and actions. `events` is how many events carry the name now.
CREATE TABLE name (
  kind TEXT NOT NULL CHECK (kind IN ('type', 'source', 'action')),
  id INTEGER NOT NULL,
  text TEXT NOT NULL,
  events INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, id),
  UNIQUE (kind, text)
) STRICT, WITHOUT ROWID;

-- One row an event. Ids are given by the writer: they only grow and are never used again.
-- `data` is JSON text, or a gzip blob of JSON text when that is smaller. `arrived` is in seconds.
CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  timestamp REAL NOT NULL,
  hash BLOB NOT NULL,
  type_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  action_id INTEGER,
  arrived INTEGER NOT NULL,
  processed INTEGER NOT NULL DEFAULT 0,
  data ANY NOT NULL
) STRICT;

-- Equal events have equal timestamps, so this means the same as UNIQUE (hash), but grows at its right edge.
CREATE UNIQUE INDEX event_identity ON event (timestamp, hash);
CREATE INDEX event_by_type ON event (type_id, timestamp);
CREATE INDEX event_by_source ON event (source_id, timestamp);

-- Events by hour of their timestamp. `recorded` only grows; `removed` counts those that retention took since.
-- action_id 0 stands for no action.
CREATE TABLE rollup (
  hour INTEGER NOT NULL,
  type_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  action_id INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0,
  data_bytes INTEGER NOT NULL,
  PRIMARY KEY (hour, type_id, source_id, action_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE patterns (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id INTEGER,
  pattern_type TEXT NOT NULL,
  confidence REAL NOT NULL,
  pattern_data TEXT NOT NULL,
  embryo_id TEXT,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_patterns_type ON patterns (pattern_type);
CREATE INDEX idx_patterns_embryo ON patterns (embryo_id);

CREATE TABLE system_stats (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp REAL NOT NULL,
  total_events INTEGER,
  events_per_second REAL,
  active_embryos INTEGER,
  avg_fitness REAL,
  storage_mb REAL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_stats_timestamp ON system_stats (timestamp);

-- The columns of the older schema, for tools that were written for it.
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
JOIN name AS type ON type.kind = 'type' AND type.id = event.type_id
JOIN name AS source ON source.kind = 'source' AND source.id = event.source_id
LEFT JOIN name AS action ON action.kind = 'action' AND action.id = event.action_id;

-- One life of a producer, and the number its next event will have. `last_timestamp` and `last_source_id` are those of its
-- newest event, to say where a hole begins.
CREATE TABLE producer (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  epoch TEXT NOT NULL,
  next INTEGER NOT NULL,
  last_timestamp REAL,
  last_source_id INTEGER,
  arrived INTEGER NOT NULL,
  UNIQUE (name, epoch)
) STRICT;

-- Events that are known to be missing. Those that a producer has numbered have `producer_id` and the range of their
-- numbers, and leave it again when they come after all. `events` is how many; 0 when nobody can tell.
CREATE TABLE gap (
  id INTEGER PRIMARY KEY,
  producer_id INTEGER,
  from_counter INTEGER,
  to_counter INTEGER,
  producer TEXT,
  source_id INTEGER,
  events INTEGER NOT NULL,
  since REAL NOT NULL,
  until REAL NOT NULL,
  reason TEXT NOT NULL,
  noticed REAL NOT NULL
) STRICT;

CREATE INDEX gap_by_counter ON gap (producer_id, to_counter);
CREATE INDEX gap_by_reason ON gap (reason, noticed);

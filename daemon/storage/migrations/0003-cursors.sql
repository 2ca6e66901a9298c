-- How far named consumers have come: everything up to `event_id` is done with. `updated` is in seconds.
CREATE TABLE cursor (
  name TEXT PRIMARY KEY,
  event_id INTEGER NOT NULL,
  updated REAL NOT NULL
) STRICT, WITHOUT ROWID;

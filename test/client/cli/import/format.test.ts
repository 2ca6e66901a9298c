import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Format, formatOf } from '../../../../client/cli/import/format.ts';

const heads: readonly (readonly [Format, string])[] = [
  ['ndjson', ''],
  ['ndjson', '\n\n'],
  ['ndjson', 'nonsense'],
  ['ndjson', '{"type":"a","source":"s","timestamp":1}\n{"type"'],
  ['ndjson', '{"ts":1,"src":"s","type":"a","range":{"from":1}}'],
  ['ndjson', '{"total_events":5,"type":"sample","ts":1,"src":"s"}\n'],
  ['ndjson', '{"events":[1],"type":"a","ts":1,"src":"s"}\n'],
  ['ndjson', '{"data":{"buckets":{}},"type":"a","source"'],
  ['json', '{"export_time":"2026-11-21T09:00:00.000Z","range":{"since":null},"events":[\n{"type"'],
  ['json', '{\n  "events" : [\n'],
  ['json', '\uFEFF {"range":{"since":1},"events":[]}'],
  ['json', '{"events":[],"total_events":0}'],
  ['json', '[{"type":"a"'],
  ['json', ' [\n'],
  ['activitywatch', '{"buckets": {"aw-watcher-window_host": {"id"'],
  ['activitywatch', '{\n "buckets": {\n'],
  ['activitywatch', '{"buckets":{}}'],
  ['sqlite', 'SQLite format 3\u0000\u0010'],
];

for (const [format, head] of heads) {
  test(`${JSON.stringify(head.slice(0, 40))} begins ${format}`, () =>
    assert.equal(formatOf(Buffer.from(head)), format));
}

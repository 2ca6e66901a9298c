import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Snapshot } from '../../../../client/cli/export/snapshot.ts';
import type { EventCount } from '../../../../client/count.ts';
import type { EventQuery } from '../../../../client/query.ts';
import type { QueryReply } from '../../../../shared/messages/query.ts';
import type { StatsReply } from '../../../../shared/messages/stats.ts';

/** A daemon whose answers to `stats` are these: events there are, and the highest id. */
class FakeDaemon {
  readonly #answers: [totalEvents: number, lastId: number][];
  query: EventQuery | undefined;

  constructor(answers: [totalEvents: number, lastId: number][]) {
    this.#answers = answers;
  }

  stats(): Promise<StatsReply> {
    const [totalEvents, lastId] = this.#answers.shift() ?? [0, 0];
    const stats = { retention_days: 30, database_stats: { total_events: totalEvents, last_id: lastId } };
    return Promise.resolve(stats as StatsReply);
  }

  count(): Promise<EventCount[]> {
    return Promise.resolve([]);
  }

  async *pages(query: EventQuery = {}): AsyncGenerator<QueryReply, void, undefined> {
    this.query = query;
    yield await Promise.resolve({ events: [], cursor: null, partial: false, damaged: [], newestId: 0 });
  }
}

test('an export is told what was deleted after it began, not before, and not what was stored', async () => {
  const daemon = new FakeDaemon([
    [70, 100],
    [1_050, 1_090],
  ]);
  const snapshot = await Snapshot.take(daemon, {});
  assert.deepEqual(await Array.fromAsync(snapshot.pages()), [[]]);
  assert.equal(daemon.query?.maxId, 100);
  assert.equal(await snapshot.deletedSince(), 10);
});

test('what is younger than retention keeps events is reported too: a rule, a bound or a person can take it', async () => {
  const daemon = new FakeDaemon([
    [100, 100],
    [90, 100],
  ]);
  const snapshot = await Snapshot.take(daemon, { since: Date.now() / 1000 - 86_400 });
  assert.equal(await snapshot.deletedSince(), 10);
});

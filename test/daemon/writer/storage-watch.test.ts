import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FileIdentity } from '../../../daemon/storage/file-identity.ts';
import type { Marker } from '../../../daemon/storage/marker.ts';
import { StorageWatch } from '../../../daemon/writer/storage-watch.ts';
import type { FromWriter } from '../../../daemon/writer/writer-messages.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';

/** A watch on files and a marker that do what the test wants, and everything that it says. */
class Trial {
  readonly told: FromWriter[] = [];
  readonly logged: [level: string, message: string, details: unknown][] = [];
  readonly remembered: number[] = [];
  suspected = 0;
  walBytes = 0;
  checkFails: Error | undefined;
  markerFails: Error | undefined;
  readonly watch: StorageWatch;

  constructor() {
    const files = {
      check: () => {
        if (this.checkFails !== undefined) throw this.checkFails;
      },
    };
    Object.defineProperty(files, 'walBytes', { get: () => this.walBytes });
    const marker: Pick<Marker, 'remember' | 'suspect'> = {
      remember: (lastId) => {
        if (this.markerFails !== undefined) throw this.markerFails;
        this.remembered.push(lastId);
      },
      suspect: () => {
        this.suspected += 1;
      },
    };
    this.watch = new StorageWatch({
      files: files as FileIdentity,
      marker: marker as Marker,
      log: (level, message, details) => this.logged.push([level, message, details]),
      tell: (message) => this.told.push(message),
    });
  }
}

const sqlite = (code: string) => new Sqlite.SqliteError('provoked', code);

describe('StorageWatch', () => {
  test('writes down how far each commit came, and has nothing to say', () => {
    const trial = new Trial();
    trial.watch.committed(5);
    trial.watch.committed(9);
    assert.deepEqual([trial.remembered, trial.told, trial.logged], [[5, 9], [], []]);
  });

  test('looks at the files first: a commit into one that is gone is remembered nowhere', () => {
    const trial = new Trial();
    trial.checkFails = new DaybookError('missing_database', 'it was deleted');
    assert.throws(() => trial.watch.committed(5), trial.checkFails);
    assert.deepEqual([trial.remembered, trial.told, trial.logged], [[], [], []]);
  });

  test('does not take back what was committed because the marker cannot be written', () => {
    const trial = new Trial();
    trial.markerFails = new Error('ENOSPC');
    trial.watch.committed(5);
    assert.deepEqual(trial.logged, [['warn', 'the marker could not be written', { error: 'Error: ENOSPC' }]]);
    assert.deepEqual(trial.told, []);
  });

  test('says once that the disk is full, and once that it is no longer', () => {
    const trial = new Trial();
    for (let round = 0; round < 2; round += 1) {
      for (let time = 0; time < 3; time += 1) trial.watch.failed('commit', 'full', sqlite('SQLITE_FULL'));
      trial.watch.failed('commit', 'passing', sqlite('SQLITE_BUSY'));
      trial.watch.committed(1);
      trial.watch.committed(2);
    }
    const states = trial.told.map((message) => message.kind === 'storage' && message.state);
    assert.deepEqual(states, ['disk_full', 'ok', 'disk_full', 'ok']);
    assert.deepEqual(
      trial.logged.map(([level, message]) => [level, message]),
      [1, 2].flatMap(() => [
        ['warn', 'the disk is full: nothing is stored until there is room'],
        ['error', 'commit failed'],
        ['warn', 'there is room on the disk again'],
      ]),
    );
  });

  test('writes what passes to the log, and goes on', () => {
    const trial = new Trial();
    trial.watch.failed('cleanup', 'passing', sqlite('SQLITE_BUSY'));
    trial.watch.failed('commit', 'passing', new Error('provoked'));
    assert.deepEqual(trial.logged, [
      ['error', 'cleanup failed', { error: 'SQLITE_BUSY: provoked' }],
      ['error', 'commit failed', { error: 'provoked' }],
    ]);
    assert.deepEqual(trial.told, []);
  });

  test('ends the daemon when the disk fails, once, and says what was tried and which call it was', () => {
    const trial = new Trial();
    for (let time = 0; time < 3; time += 1) trial.watch.failed('checkpoint', 'broken', sqlite('SQLITE_IOERR_FSYNC'));
    trial.watch.failed('commit', 'full', sqlite('SQLITE_FULL'));
    const error = {
      code: 'storage_error',
      message: 'checkpoint failed: SQLITE_IOERR_FSYNC: provoked',
      retryable: true,
    };
    assert.deepEqual([trial.told, trial.suspected], [[{ kind: 'fatal', error }], 0]);
  });

  test('ends it for a missing database with the reason as it is', () => {
    const trial = new Trial();
    trial.watch.failed('commit', 'broken', new DaybookError('missing_database', 'it was deleted'));
    const error = { code: 'missing_database', message: 'it was deleted', retryable: false };
    assert.deepEqual(trial.told, [{ kind: 'fatal', error }]);
    assert.equal(trial.suspected, 1, 'should it be there again');
  });

  test('ends it for a damaged database, and has the next start look through it', () => {
    const trial = new Trial();
    trial.watch.failed('commit', 'damaged', sqlite('SQLITE_CORRUPT'));
    assert.equal(trial.suspected, 1);
    assert.deepEqual(
      trial.told.map(({ kind }) => kind),
      ['fatal'],
    );
  });

  test('warns of a log that grows, each time it has doubled', () => {
    const trial = new Trial();
    const sizes = [
      1,
      limits.walAlarmBytes,
      limits.walAlarmBytes + 1,
      2 * limits.walAlarmBytes,
      3 * limits.walAlarmBytes,
    ];
    for (const size of sizes) {
      trial.walBytes = size;
      trial.watch.committed(1);
      trial.watch.committed(1);
    }
    assert.deepEqual(
      trial.logged.map(([level, , details]) => [level, details]),
      [
        ['warn', { bytes: limits.walAlarmBytes + 1 }],
        ['warn', { bytes: 3 * limits.walAlarmBytes }],
      ],
    );
  });
});

import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { gapsName, parseFileName, segmentName, withOwner } from '../../../client/spool/file-names.ts';
import { clientNameOf, directoryNameOf, spoolSettings } from '../../../client/spool/settings.ts';
import { checkProperty } from '../../harness/property.ts';
import { refusal } from '../refusal.ts';

describe('the directory of a client name', () => {
  test('is one plain name, its own, and says whose it is unless it is very long', async (t) => {
    const names = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
      fc.constantFrom('.', '..', '/', 'a/../../b', 'capture files', '.hidden', 'a.b', '%41', '~', 'ÿ', '日'.repeat(80)),
    );
    const known = new Map<string, string>();
    await checkProperty(
      t,
      fc.property(names, (given) => {
        const name = given.toWellFormed();
        const directory = directoryNameOf(name);
        assert.match(directory, /^[\w%~-][\w.%~-]*$/);
        assert.ok(directory.length <= 120);
        assert.equal(known.get(directory) ?? name, name);
        known.set(directory, name);
        assert.equal(clientNameOf(directory), directory.includes('~') ? undefined : name);
      }),
      1_000,
    );
  });

  test('stays readable', () => {
    assert.equal(directoryNameOf('capture-files'), 'capture-files');
    assert.equal(directoryNameOf('daybook run'), 'daybook%20run');
    assert.equal(directoryNameOf(''), '%');
    assert.equal(clientNameOf('no such%zz'), undefined);
    assert.equal(clientNameOf('%41'), undefined, 'A needs no escape');
  });
});

test('file names say what is in them and whose they are', () => {
  const epoch = randomUUID();
  const owner = { pid: 4_711, start: '123b4f' };
  const segment = segmentName(epoch, 42, owner);
  assert.deepEqual(parseFileName(segment), { kind: 'segment', epoch, sequence: 42, owner });
  const free = withOwner({ kind: 'segment', epoch, sequence: 42, owner }, 'free');
  assert.deepEqual(parseFileName(free), { kind: 'segment', epoch, sequence: 42, owner: 'free' });
  assert.deepEqual(parseFileName(gapsName(epoch, owner)), { kind: 'gaps', epoch, sequence: 0, owner });
  assert.equal(parseFileName(`${gapsName(epoch, owner)}.new`)?.kind, 'incomplete');
  assert.ok(segmentName(epoch, 9, owner) < segmentName(epoch, 10, owner));
  for (const other of [
    '.DS_Store',
    `${epoch}.free.spool`,
    `${epoch}-1.free.spool`,
    segment.replace('.spool', '.gaps'),
  ]) {
    assert.equal(parseFileName(other), undefined, other);
  }
});

test('options of a spool are checked', () => {
  const settings = (options: object) => spoolSettings(options, '/home/me/data/daybook.sock', 'a b');
  assert.deepEqual(settings({}), {
    directory: '/home/me/data/spool/a%20b',
    maxBytes: 256 * 1024 * 1024,
    whenFull: 'reject',
  });
  assert.equal(settings({ directory: '/other' }).directory, '/other/a%20b');
  assert.throws(() => settings({ maxBytes: 65_535 }), refusal('invalid_config', '65536'));
  assert.throws(() => settings({ maxBytes: 1e6 + 0.5 }), refusal('invalid_config'));
  assert.throws(() => settings({ whenFull: 'drop-newest' }), refusal('invalid_config', 'drop-oldest'));
});

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Marker } from '../../../daemon/storage/marker.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const marked = { databaseId: '7f3c1a', lastId: 41, isSuspect: false, setAside: null };

describe('Marker', () => {
  test('says what was written, to who reads it later', () => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db.marker');
    assert.deepEqual([Marker.isThere(path), Marker.read(path)], [false, undefined]);
    for (const written of [
      marked,
      { ...marked, lastId: 0 },
      { ...marked, lastId: Number.MAX_SAFE_INTEGER, isSuspect: true },
      { ...marked, setAside: '/a path/with = signs: and spaces.corrupt-20261122T101500Z' },
      { ...marked, setAside: '/short' },
      marked,
    ]) {
      Marker.write(path, written).close();
      assert.deepEqual([Marker.isThere(path), Marker.read(path)], [true, written]);
    }
    assert.equal(statSync(path).mode & 0o777, 0o600);
    Marker.remove(path);
    Marker.remove(path);
    assert.deepEqual(readdirSync(home.path), []);
  });

  test('remembers how far the database has come, in the bytes it has', () => {
    using home = temporaryHome();
    const path = join(home.path, 'marker');
    const marker = Marker.write(path, { ...marked, lastId: 0 });
    const { ino, size } = statSync(path);
    for (const lastId of [1, 9, 10, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      marker.remember(lastId);
      assert.deepEqual(Marker.read(path), { ...marked, lastId });
      assert.deepEqual([statSync(path).ino, statSync(path).size], [ino, size], 'a full disk takes it');
    }
    marker.close();
    // So does the next start.
    Marker.write(path, { ...marked, lastId: 7 }).close();
    assert.deepEqual([statSync(path).ino, Marker.read(path)?.lastId], [ino, 7]);
  });

  test('writes nothing when it knows already', () => {
    using home = temporaryHome();
    const path = join(home.path, 'marker');
    const marker = Marker.write(path, marked);
    writeFileSync(path, 'somebody else');
    marker.remember(marked.lastId);
    assert.equal(readFileSync(path, 'utf8'), 'somebody else');
    marker.close();
  });

  test('has the next start look through the file once it is told to, and goes on remembering', () => {
    using home = temporaryHome();
    const path = join(home.path, 'marker');
    const marker = Marker.write(path, marked);
    marker.suspect();
    assert.deepEqual(Marker.read(path), { ...marked, isSuspect: true });
    marker.remember(50);
    marker.suspect();
    assert.deepEqual(Marker.read(path), { ...marked, lastId: 50, isSuspect: true });
    marker.remember(51);
    assert.deepEqual(Marker.read(path), { ...marked, lastId: 51, isSuspect: true });
    marker.close();
    assert.deepEqual(readdirSync(home.path), ['marker']);
  });

  test('that cannot be read is there all the same', () => {
    using home = temporaryHome();
    const path = join(home.path, 'marker');
    for (const text of ['', '\0\0\0\0', 'daybook marker 1\n', 'database x\nlast-id many\n', 'last-id 5\n']) {
      writeFileSync(path, text);
      assert.deepEqual([Marker.isThere(path), Marker.read(path)], [true, undefined], JSON.stringify(text));
    }
    Marker.write(path, marked).close();
    assert.deepEqual(Marker.read(path), marked);
    assert.equal(existsSync(`${path}.new`), false);
  });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('node-ipc and its tree are the packages that were read', () => {
  const rows = [...read('daemon/DESIGN.md').matchAll(/^\| (\S+) \| (\d\S*) \| `(sha512-\S+)` \|$/gm)];
  assert.equal(rows.length, 6);
  const lock: { packages: { [path: string]: { version: string; integrity: string } | undefined } } = JSON.parse(
    read('package-lock.json'),
  );
  for (const [, name, version, integrity] of rows) {
    const locked = lock.packages[`node_modules/${name}`];
    assert.deepEqual({ version: locked?.version, integrity: locked?.integrity }, { version, integrity }, name);
  }
  const nested = Object.keys(lock.packages).filter((path) => path.includes('node_modules/node-ipc/'));
  assert.deepEqual(nested, [], 'nothing is installed below node-ipc itself');
});

test('the listener and the transport alone import node-ipc', () => {
  const sources = ['client', 'daemon', 'launchd', 'shared'].flatMap((folder) =>
    readdirSync(new URL(`../../${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
      .map((file) => `${folder}/${file}`),
  );
  const importers = sources.filter((file) => /import\(?.*['"]node-ipc['"]/.test(read(file)));
  assert.deepEqual(importers.toSorted(), ['client/transport.ts', 'daemon/socket/listener.ts']);
});

test('imports go client -> shared <- daemon, and to launchd from the command line alone', () => {
  const allowed: { [folder: string]: string[] } = {
    client: ['client', 'launchd', 'shared'],
    daemon: ['daemon', 'shared'],
    launchd: ['launchd', 'shared'],
    shared: ['shared'],
  };
  for (const [folder, targets] of Object.entries(allowed)) {
    const root = new URL(`../../${folder}/`, import.meta.url);
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )) {
      for (const [, specifier = ''] of read(`${folder}/${file}`).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
        const target = new URL(specifier, new URL(file, root)).href.slice(
          new URL('../../', import.meta.url).href.length,
        );
        const [top = ''] = target.split('/');
        assert.ok(targets.includes(top), `${folder}/${file} imports ${target}`);
        if (folder === 'client' && top === 'launchd') assert.match(file, /^cli\//);
      }
    }
  }
});

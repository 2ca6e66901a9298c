import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { daybookVersion } from '../../shared/protocol-version.ts';
import { RunningCommand } from '../harness/command-line.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { checkout, installPackage, type InstalledPackage } from './installed-package.ts';

describe('the published package', () => {
  let installed: InstalledPackage;
  before(async () => {
    installed = await installPackage();
  });
  after(() => installed.remove());

  const inPackage = (path: string) => join(installed.project, 'node_modules', 'daybook', path);
  const bin = () => join(installed.project, 'node_modules', '.bin', 'daybook');

  /** Runs the installed command. Its `node` is that of this test, as for a user whose own node is new enough. */
  const daybook = (home: string, args: string[], input = '') =>
    new RunningCommand(bin(), args, { environment: { DAYBOOK_HOME: home }, input });

  const script = async (home: string, source: string) => {
    const file = join(installed.project, 'script.js');
    writeFileSync(file, source);
    const environment = { DAYBOOK_HOME: home };
    return new RunningCommand(process.execPath, [file], { environment, cwd: installed.project }).ended;
  };

  test('holds what is meant to be in it, and nothing else', () => {
    const { files } = installed;
    const furniture = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];
    const documents = ['shared/PROTOCOL.md', 'daemon/DESIGN.md', 'launchd/README.md'];
    const others = files.filter(
      (name) =>
        !furniture.includes(name) &&
        !documents.includes(name) &&
        name !== 'client/cli/daybook.js' &&
        !/^dist\/(client|daemon|shared|launchd)\/.*(\.js|\.d\.ts|\.sql|\.json)$/.test(name) &&
        !/^dist\/chunks\/[^/]+\.js$/.test(name),
    );
    assert.deepEqual(others, []);
    assert.deepEqual(
      files.filter(
        (name) => /(^|\/)test\/|\.test\.|\.partial$/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')),
      ),
      [],
    );
    for (const name of [
      'package.json',
      'LICENSE',
      'client/cli/daybook.js',
      'dist/client/index.js',
      'dist/client/index.d.ts',
      'dist/client/cli/main.js',
      'dist/daemon/start.js',
      'dist/daemon/embedded.js',
      'dist/daemon/embedded.d.ts',
      'dist/daemon/writer/writer-thread.js',
      'dist/daemon/query/reader-thread.js',
      'dist/daemon/verify/verify-process.js',
      'dist/daemon/search/indexer-process.js',
      'dist/client/spool/spool.js',
      'dist/client/spool/gap-notes.js',
      'dist/daemon/storage/migrations/0001-events.sql',
    ]) {
      assert.ok(files.includes(name), `${name} is missing`);
    }
  });

  test('imports no source: every relative import ends in .js', () => {
    for (const name of installed.files.filter((file) => file.endsWith('.js'))) {
      assert.doesNotMatch(readFileSync(inPackage(name), 'utf8'), /(from|import\()\s*['"]\.{1,2}\/[^'"]*\.ts['"]/, name);
    }
  });

  test('has what users look for: a readme, a change log, the protocol', () => {
    for (const name of ['README.md', 'CHANGELOG.md', 'shared/PROTOCOL.md', 'daemon/DESIGN.md', 'launchd/README.md']) {
      assert.ok(installed.files.includes(name), `${name} is missing`);
    }
  });

  test('says its version, which is that of package.json', async () => {
    using home = temporaryHome();
    assert.ok((statSync(inPackage('client/cli/daybook.js')).mode & 0o111) !== 0);
    const { exitCode, stdout, stderr } = await daybook(home.path, ['--version']).ended;
    assert.deepEqual([exitCode, stdout, stderr], [0, `${daybookVersion}\n`, '']);
    const { version } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8')) as { version: string };
    assert.equal(version, daybookVersion);
    assert.match((await daybook(home.path, ['--help']).ended).stdout, /^Usage: daybook/);
  });

  test('runs a daemon that records and answers', async () => {
    using home = temporaryHome();
    await using daemon = daybook(home.path, ['daemon']);
    await daemon.prints('is ready');
    const sent = await daybook(home.path, ['send', 'note', 'n:=1', '--source', 'me', '--at', '5']).ended;
    assert.deepEqual([sent.exitCode, sent.stdout, sent.stderr], [0, 'stored as 1 (committed)\n', '']);
    const listed = await daybook(home.path, ['list', '--json']).ended;
    assert.deepEqual(JSON.parse(listed.stdout), {
      id: 1,
      timestamp: 5,
      type: 'note',
      source: 'me',
      data: { n: 1 },
    });
    const asLibrary = await script(
      home.path,
      `import { connect } from 'daybook';
       const client = connect();
       client.record({ type: 'a', source: 'library', timestamp: 6 });
       await client.flush();
       for await (const event of client.events({ sources: ['library'] })) console.log(JSON.stringify(event));
       await client.close();`,
    );
    assert.deepEqual(asLibrary, {
      exitCode: 0,
      signal: null,
      stdout: '{"id":2,"timestamp":6,"type":"a","source":"library","data":{}}\n',
      stderr: '',
    });
    daemon.process.kill('SIGTERM');
    assert.equal((await daemon.ended).exitCode, 0);
  });

  test('has an embedded database', async () => {
    using home = temporaryHome();
    const { stdout, stderr } = await script(
      home.path,
      `import { EventDatabase, DaybookError } from 'daybook/embedded';
       const database = new EventDatabase(process.env.DAYBOOK_HOME + '/events.db');
       console.log(database.storeEvent({ type: 'a', source: 's', timestamp: 1 }), database.getEvents().length);
       try { database.storeEvent({ type: '' }); } catch (error) { console.log(error instanceof DaybookError, error.code); }
       database.close();`,
    );
    assert.deepEqual([stdout, stderr], ['true 1\ntrue invalid_type\n', '']);
  });

  test('opens nothing else', async () => {
    using home = temporaryHome();
    const { stdout } = await script(
      home.path,
      `await import('daybook/dist/daemon/main.js').catch((error) => console.log(error.code));`,
    );
    assert.equal(stdout, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  test('type-checks strictly, its own declarations too', async () => {
    const source = `
      import { connect, createEventPersistence, DaybookError, type EventInput, type Receipt, type StoredEvent } from 'daybook';
      import { EventDatabase } from 'daybook/embedded';
      const event: EventInput = { type: 'a', source: 's', data: { n: 1 } };
      await using client = connect({ clientName: 'consumer', onRejected: ({ code }) => console.log(code) });
      const taken: boolean = client.record(event);
      const receipt: Receipt = await client.recordBatch([event], { durability: 'flushed' });
      const stored: StoredEvent[] = await Array.fromAsync(client.events({ types: ['a'], order: 'asc' }));
      for await (const { id } of client.tail({ onReset: ({ lostTo }) => console.log(lostTo) })) console.log(id + 1);
      const persistence = createEventPersistence({ persistence: { batch_size: 5 } });
      console.log(taken, receipt.firstId, stored.length, persistence.queueEvent({ ts: 1 }), DaybookError.name);
      using database = new EventDatabase('events.db');
      const count: number = database.getDatabaseStats().total_events;
      console.log(count);
      // @ts-expect-error type is missing
      client.record({ source: 's' });
      // @ts-expect-error there is no such level
      await client.recordBatch([event], { durability: 'eternal' });
    `;
    writeFileSync(join(installed.project, 'consumer.ts'), source);
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024', 'esnext.array', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(checkout, 'node_modules', '@types')],
    };
    writeFileSync(
      join(installed.project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
    );
    const tsc = join(checkout, 'node_modules', '.bin', 'tsc');
    const { exitCode, stdout } = await new RunningCommand(tsc, ['-p', installed.project]).ended;
    assert.deepEqual([exitCode, stdout], [0, '']);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunningCommand } from '../harness/command-line.ts';

const index = new URL('../../client/index.ts', import.meta.url).href;
const embedded = new URL('../../daemon/embedded.ts', import.meta.url).href;

/** Every module that importing `url` loads, seen by a loader hook before any of them runs. */
async function modulesLoadedBy(url: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({
      load(url, context, next) {
        loaded.push(url);
        return next(url, context);
      },
    });
    await import(${JSON.stringify(url)});
    process.stdout.write(JSON.stringify(loaded));`;
  const { stdout, stderr, exitCode } = await new RunningCommand(process.execPath, [
    '--input-type=module',
    '--eval',
    script,
  ]).ended;
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as string[];
}

const packageOf = (url: string) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
const packagesOf = (urls: readonly string[]) => new Set(urls.map(packageOf).filter((name) => name !== undefined));

test('the client library loads no storage, no logger, no validator, and nothing of the daemon', async () => {
  const urls = await modulesLoadedBy(index);
  assert.ok(urls.includes(index), 'the hook sees what is loaded');
  const packages = packagesOf(urls);
  for (const name of ['better-sqlite3', 'pino', 'commander', 'chrono-node', 'plist']) {
    assert.ok(!packages.has(name), `${name} is loaded`);
  }
  assert.deepEqual(
    [...packages]
      .filter((name) => !['msgpackr', 'msgpackr-extract', 'node-ipc', 'env-paths'].includes(name))
      .toSorted(),
    ['event-pubsub', 'is-safe-filename', 'js-message', 'js-queue', 'easy-stack']
      .filter((name) => packages.has(name))
      .toSorted(),
    'a new dependency of the client library should be meant',
  );
  assert.deepEqual(
    urls.filter((url) => /\/(daemon|launchd|client\/cli|client\/capture)\//.test(url)),
    [],
  );
});

test('the hook would see them: the embedded database loads better-sqlite3', async () => {
  assert.ok(packagesOf(await modulesLoadedBy(embedded)).has('better-sqlite3'));
});

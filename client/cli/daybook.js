#!/usr/bin/env node
// The `daybook` command. Plain JavaScript that any Node can read, because it must speak before anything newer is loaded:
// the database addon crashes on older versions.
import { existsSync, mkdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(`daybook needs Node 24 or newer; this is ${process.versions.node} at ${process.execPath}\n`);
  process.exit(1);
}

// A checkout has the sources beside this file, the published package only what was built from them.
const isCheckout = existsSync(new URL('./main.ts', import.meta.url));
const entry = (name) => new URL(isCheckout ? `./${name}.ts` : `../../dist/client/cli/${name}.js`, import.meta.url).href;

// What does not change is compiled once. The daemon inherits it.
if (!isCheckout && process.env.NODE_COMPILE_CACHE === undefined) {
  const directory = cacheDirectory();
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    nodeModule.enableCompileCache(directory);
    process.env.NODE_COMPILE_CACHE = directory;
  } catch {
    // A home that cannot be written: then it is compiled each time.
  }
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'daemon' && rest.every((flag) => flag === '--init')) {
  // Without reading the command line: a daemon starts at every login.
  const { launchDaemon } = await import(entry('launch-daemon'));
  await launchDaemon(rest);
} else await import(entry('main'));

/** Nobody else may write there, unlike where Node would put it. */
function cacheDirectory() {
  if (process.env.DAYBOOK_HOME) return join(process.env.DAYBOOK_HOME, 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/daybook');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'daybook');
}

#!/usr/bin/env node
// The `daybook` command. Plain JavaScript that any Node can read, because it must speak before anything newer is loaded:
// the database addon crashes on older versions.
import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(`daybook needs Node 24 or newer; this is ${process.versions.node} at ${process.execPath}\n`);
  process.exit(1);
}

// A checkout has the sources beside this file, the published package only what was built from them.
const source = new URL('./main.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../../dist/client/cli/main.js', import.meta.url).href);

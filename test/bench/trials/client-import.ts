/** What importing the built client costs a process: time, and memory beyond what a bare Node has. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { privateMegabytes } from '../proc.ts';
import { reportFigures, trialInput } from '../trial-input.ts';

const entry = pathToFileURL(join(trialInput().packageDirectory, 'dist/client/index.js')).href;
const before = privateMegabytes(process.pid);
const started = performance.now();
await import(entry);
const importMs = performance.now() - started;
reportFigures({ importMs, addedPrivateMegabytes: privateMegabytes(process.pid) - before });

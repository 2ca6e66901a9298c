/** What importing the built client costs a process: time, and memory beyond what a bare Node has. */
import { readFileSync } from 'node:fs';

const entry = new URL('../../dist/client/index.js', import.meta.url).href;
const before = memory();
const started = performance.now();
await import(entry);
const importMs = performance.now() - started;
const after = memory();
process.stdout.write(
  `${JSON.stringify({ importMs, addedPrivateMiB: after.private - before.private, addedResidentMiB: after.resident - before.resident })}\n`,
);

/** MiB. Private is what this process alone pays for; only Linux tells it. */
function memory(): { private: number; resident: number } {
  const resident = process.memoryUsage.rss() / 1024 / 1024;
  if (process.platform !== 'linux') return { private: resident, resident };
  const kib = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return { private: Number(kib) / 1024, resident };
}

/** What importing the client costs a process: time, and resident memory beyond what it had. */
const before = process.memoryUsage.rss();
const started = performance.now();
await import('../../client/index.ts');
const importMs = performance.now() - started;
process.stdout.write(`${JSON.stringify({ importMs, addedMiB: (process.memoryUsage.rss() - before) / 1024 / 1024 })}\n`);

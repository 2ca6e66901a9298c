/**
 * Faults inside a real daemon, as arguments for its node: scripts that are loaded before the daemon's own code, in the
 * main thread and in each worker. The daemon itself has no test hooks.
 */

type Thread = 'main' | 'writer' | 'reader';

/** The thread throws, outside of any handler, as soon as `triggerPath` is there. */
export function threadDiesOnceThereIs(triggerPath: string, thread: 'writer' | 'reader'): string[] {
  return preload(
    thread,
    `import { existsSync, rmSync } from 'node:fs';
     setInterval(() => {
       if (!existsSync(${JSON.stringify(triggerPath)})) return;
       rmSync(${JSON.stringify(triggerPath)});
       throw new Error('provoked by a test');
     }, 5).unref();`,
  );
}

/** The thread fills its heap as soon as `triggerPath` is there. */
export function threadRunsOutOfMemoryOnceThereIs(triggerPath: string, thread: Thread): string[] {
  return preload(
    thread,
    `import { existsSync, rmSync } from 'node:fs';
     setInterval(() => {
       if (!existsSync(${JSON.stringify(triggerPath)})) return;
       rmSync(${JSON.stringify(triggerPath)});
       const kept = [];
       for (;;) kept.push(new Array(500_000).fill(kept.length));
     }, 5).unref();`,
  );
}

/** The thread stands still, whatever it has to do, while `path` is there. */
export function threadStandsStillWhileThereIs(path: string, thread: 'writer' | 'reader'): string[] {
  return preload(
    thread,
    `import { existsSync } from 'node:fs';
     const moment = new Int32Array(new SharedArrayBuffer(4));
     setInterval(() => {
       while (existsSync(${JSON.stringify(path)})) Atomics.wait(moment, 0, 0, 5);
     }, 5).unref();`,
  );
}

/** The process is killed when the writer has committed `commits` batches, before the receipts of the last are out. */
export function killedBeforeAcknowledging(commits: number): string[] {
  return preload(
    'writer',
    `let left = ${commits};
     const post = parentPort.postMessage.bind(parentPort);
     parentPort.postMessage = (message, transfer) => {
       if (message.kind === 'outcomes' && --left === 0) process.kill(process.pid, 'SIGKILL');
       else post(message, transfer);
     };`,
  );
}

/** The daemon takes itself for idle after this much quiet, and not after 30 s. */
export function idleAfter(ms: number): string[] {
  return preload(
    'writer',
    `const { setTimeout } = globalThis;
     globalThis.setTimeout = (run, delay, ...rest) => setTimeout(run, delay === 30_000 ? ${ms} : delay, ...rest);`,
  );
}

/** The daemon takes itself for idle once `path` is there, and not after 30 s. */
export function idleOnceThereIs(path: string): string[] {
  return preload(
    'writer',
    `import { existsSync } from 'node:fs';
     const { setTimeout } = globalThis;
     globalThis.setTimeout = (run, delay, ...rest) =>
       delay === 30_000
         ? setInterval(() => existsSync(${JSON.stringify(path)}) && run(), 5)
         : setTimeout(run, delay, ...rest);`,
  );
}

/** What the main thread does a minute later, it does after this much. */
export function minutePassesIn(ms: number): string[] {
  return preload(
    'main',
    `const { setTimeout } = globalThis;
     globalThis.setTimeout = (run, delay, ...rest) => setTimeout(run, delay === 60_000 ? ${ms} : delay, ...rest);`,
  );
}

/** What the writer does every day, or every some hours, it does after this much. */
export function hoursPassIn(ms: number): string[] {
  return preload(
    'writer',
    `const { setTimeout } = globalThis;
     globalThis.setTimeout = (run, delay, ...rest) => setTimeout(run, delay >= 3_600_000 ? ${ms} : delay, ...rest);`,
  );
}

/** The main thread stands still for a moment each time the daemon has said something on stdout. */
export function pausesAfterSpeaking(ms: number): string[] {
  return preload(
    'main',
    `const write = process.stdout.write.bind(process.stdout);
     process.stdout.write = (...parts) => {
       const isWritten = write(...parts);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms});
       return isWritten;
     };`,
  );
}

/** The daemon's clock runs ahead by this much. */
export function clockAhead(seconds: number): string[] {
  return preload(
    undefined,
    `const now = Date.now;
     Date.now = () => now() + ${seconds * 1000};`,
  );
}

/** Makes a file when Object.prototype has got anything new in any thread. */
export function noticesPollution(path: string): string[] {
  return preload(
    undefined,
    `import { writeFileSync } from 'node:fs';
     const names = () => Object.getOwnPropertyNames(Object.prototype).join();
     const before = names();
     process.on('exit', () => {
       if (names() !== before) writeFileSync(${JSON.stringify(path)}, names());
     });`,
  );
}

function preload(thread: Thread | undefined, script: string): string[] {
  const prologue = `import { isMainThread, parentPort, workerData } from 'node:worker_threads';
    const threadOf = (data) => ('batchSize' in data ? 'writer' : 'reader');
    const thread = isMainThread ? 'main' : threadOf(workerData ?? {});`;
  const imports = script.match(/^\s*import .*$/gm) ?? [];
  const body = script.replaceAll(/^\s*import .*$/gm, '');
  const condition = thread === undefined ? 'true' : `thread === '${thread}'`;
  const source = `${prologue}\n${imports.join('\n')}\nif (${condition}) {\n${body}\n}`;
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}

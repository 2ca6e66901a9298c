/** Calls that change something on the disk, as a process makes them itself; SQLite's are not among them. */
const calls = [
  'copyFileSync',
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmSync',
  'utimesSync',
  'writeFileSync',
  'writeSync',
] as const;

/** Arguments for a node that is killed with -9 right before the `n`th such call, counted from 1. */
export function killedAtCall(n: number): string[] {
  const script = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    let left = ${n};
    for (const name of ${JSON.stringify(calls)}) {
      const call = fs[name];
      fs[name] = (...args) => {
        left -= 1;
        if (left === 0) process.kill(process.pid, 'SIGKILL');
        return call(...args);
      };
    }
    syncBuiltinESMExports();`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}

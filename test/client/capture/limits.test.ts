import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startCapture, temporaryDirectory } from './capture-trial.ts';
import { waitFor } from './wait-for.ts';

const nobody = 65_534;

describe('captureFiles: what it may not read', () => {
  it('reports an unreadable directory once and captures the rest', async (t) => {
    const isRoot = process.geteuid?.() === 0;
    t.after(() => {
      if (isRoot) process.seteuid?.(0);
    });
    const trial = await startCapture(t, (root) => {
      mkdirSync(join(root, 'secret', 'below'), { recursive: true });
      mkdirSync(join(root, 'open'));
      chmodSync(join(root, 'open'), 0o777);
      chmodSync(join(root, 'secret'), 0o000);
      chmodSync(root, 0o755);
      // Root may read everything; nobody may not.
      if (isRoot) process.seteuid?.(nobody);
    });
    assert.deepEqual(trial.problems, [`cannot read ${trial.path('secret')} (EACCES): changes in it are not captured`]);
    writeFileSync(trial.path('open', 'x'), 'x');
    await trial.waitForActions(['open', 'x'], ['create']);
    await trial.waitForRescan();
    assert.equal(trial.problems.length, 1);

    // A directory that becomes unreadable keeps what is known of it; one that becomes readable was there before.
    if (isRoot) process.seteuid?.(0);
    chmodSync(trial.path('secret'), 0o755);
    await waitFor('it to be watched', () => trial.capture.counters.directoriesWatched === 4);
    writeFileSync(trial.path('secret', 'below', 'y'), 'y');
    await trial.waitForActions(['secret', 'below', 'y'], ['create']);
    assert.deepEqual(trial.actions('secret', 'below'), []);
  });
});

/** Whether a user namespace with limits of its own can be made here. */
function canLimitWatches(): boolean {
  try {
    execFileSync('unshare', ['-Ur', 'sh', '-c', 'echo 1000 > /proc/sys/user/max_inotify_watches'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface LimitedReport {
  problems: string[];
  paths: string[];
  watched: number;
}

/** Runs limited-capture.ts where a limit of inotify is low. */
async function captureLimited(directory: string, limit: string): Promise<LimitedReport> {
  const script = join(import.meta.dirname, 'limited-capture.ts');
  const command = `echo ${limit} && exec "$0" "$1" "$2"`;
  const output = await new Promise<string>((resolve, reject) => {
    execFile('unshare', ['-Ur', 'sh', '-c', command, process.execPath, script, directory], (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
  return JSON.parse(output) as LimitedReport;
}

describe('captureFiles: limits of inotify', () => {
  const skip = canLimitWatches() ? false : 'no user namespace with its own inotify limits can be made here';

  it('reports the limit of watches once, with the cure, and goes on with those it has', { skip }, async (t) => {
    const root = temporaryDirectory(t);
    for (let index = 0; index < 20; index += 1) mkdirSync(join(root, `d${index}`));
    const report = await captureLimited(root, '10 > /proc/sys/user/max_inotify_watches');
    assert.equal(report.watched, 10);
    assert.equal(report.problems.length, 1);
    assert.match(report.problems[0] ?? '', /\(ENOSPC\).*sysctl fs\.inotify\.max_user_watches=/);
    assert.deepEqual(report.paths, [join(root, 'seen')]);
  });

  it('reports the limit of instances once and stays alive', { skip }, async (t) => {
    const root = temporaryDirectory(t);
    for (let index = 0; index < 20; index += 1) mkdirSync(join(root, `d${index}`));
    const report = await captureLimited(root, '0 > /proc/sys/user/max_inotify_instances');
    assert.equal(report.watched, 0);
    assert.equal(report.problems.length, 1);
    assert.match(report.problems[0] ?? '', /\(EMFILE\).*fs\.inotify\.max_user_instances/);
    assert.deepEqual(report.paths, []);
  });
});

import { lstatSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { DueWork } from '../../../client/capture/activity.ts';
import { newCounters } from '../../../client/capture/capture-counters.ts';
import type { CaptureParts } from '../../../client/capture/capture-parts.ts';
import { CaptureProblems } from '../../../client/capture/capture-problems.ts';
import { CapturedDirectory } from '../../../client/capture/captured-directory.ts';
import { DirectoryWatches } from '../../../client/capture/directory-watches.ts';
import { EntryRemoval } from '../../../client/capture/entry-removal.ts';
import type { RecordFile } from '../../../client/capture/file-event.ts';
import { LossGuard } from '../../../client/capture/loss-guard.ts';
import { Reconciler } from '../../../client/capture/reconciler.ts';
import { Settling } from '../../../client/capture/settling.ts';
import { SkipRule } from '../../../client/capture/skip-rule.ts';

/** The parts of a capture with nothing that runs them: a test does each step itself, and so can come in between. */
export interface HandmadeCapture {
  parts: CaptureParts;
  reconciler: Reconciler;
  root: CapturedDirectory;
  /** What settled, in order. */
  due: { directory: CapturedDirectory; work: DueWork }[];
  /** Directories whose pending work was asked for, in order. */
  queued: CapturedDirectory[];
  recorded: string[];
  problems: string[];
  /** Works on the directory's pending work and on all that is queued by it. */
  workThrough: (directory: CapturedDirectory) => Promise<void>;
}

export function handmadeCapture(t: TestContext, path: string): HandmadeCapture {
  const due: HandmadeCapture['due'] = [];
  const queued: CapturedDirectory[] = [];
  const recorded: string[] = [];
  const problems: string[] = [];
  const record: RecordFile = (action, seen) =>
    recorded.push(`${action} ${seen.path.slice(path.length + 1)} ${seen.kind}`);

  const counters = newCounters();
  const rule = new SkipRule([], []);
  const captureProblems = new CaptureProblems((message) => problems.push(message));
  const settling = new Settling((directory, work) => due.push({ directory, work }));
  const guard = new LossGuard(1_000, { onSuspicion: () => {}, onQuiet: () => {} });
  const watches = new DirectoryWatches({
    scope: 'directory',
    rule,
    settling,
    guard,
    problems: captureProblems,
    counters,
  });
  const removal = new EntryRemoval({ watches, settling, counters, record });
  const queue = (directory: CapturedDirectory): void => void queued.push(directory);
  const parts = { rule, watches, settling, removal, problems: captureProblems, counters, record, queue };
  const reconciler = new Reconciler(parts);
  const root = new CapturedDirectory(undefined, path, lstatSync(path), false);
  t.after(() => {
    settling.stop();
    removal.retire(root);
    guard.stop();
  });
  const workThrough = async (directory: CapturedDirectory): Promise<void> => {
    await reconciler.work(directory);
    for (let next = queued.shift(); next !== undefined; next = queued.shift()) await reconciler.work(next);
  };
  return { parts, reconciler, root, due, queued, recorded, problems, workThrough };
}

/** A known directory below another. */
export function knownDirectory(parent: CapturedDirectory, name: string): CapturedDirectory {
  const entry = parent.entries.get(name);
  if (entry?.kind !== 'directory') throw new Error(`${name} is not a known directory`);
  return entry;
}

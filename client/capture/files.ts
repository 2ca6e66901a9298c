import { lstat } from 'node:fs/promises';
import type { EventInput } from '../../shared/event.ts';
import { newCounters } from './capture-counters.ts';
import type { FileCaptureCounters } from './capture-counters.ts';
import type { CaptureParts } from './capture-parts.ts';
import { CaptureProblems } from './capture-problems.ts';
import { captureRoots, resolvedPath } from './capture-roots.ts';
import { CapturedDirectory } from './captured-directory.ts';
import { DirectoryWatches } from './directory-watches.ts';
import { EntryRemoval } from './entry-removal.ts';
import { fileEvent } from './file-event.ts';
import type { RecordFile } from './file-event.ts';
import { LossGuard, noticeQueueLength } from './loss-guard.ts';
import { Reconciler } from './reconciler.ts';
import { Settling } from './settling.ts';
import { SkipRule } from './skip-rule.ts';
import { platformWatchScope } from './watch-scope.ts';
import type { WatchScope } from './watch-scope.ts';
import { WorkQueue } from './work-queue.ts';

/** Directories worked on at once: enough to keep node's file system threads busy, few enough to bound memory. */
const directoriesAtOnce = 8;

export interface FileCaptureOptions {
  /** Watched with everything below. One that lies in another is not watched twice. */
  directories: readonly string[];
  /** Path components that are not captured, with everything below, such as `node_modules`. */
  ignoreNames?: readonly string[];
  /** Paths that are not captured, with everything below: Daybook's own data, which each event changes. */
  excludePaths?: readonly string[];
  /** Takes each event as it is found; it has no timestamp. Called synchronously, never after `close` was called. */
  record: (event: EventInput) => void;
  /** Hears what cannot be captured and how to cure it, each thing once. */
  onProblem?: (message: string) => void;
  /** The platform's own when left out. */
  watchScope?: WatchScope;
}

export interface FileCapture {
  readonly counters: Readonly<FileCaptureCounters>;
  /** Stops watching; resolves when nothing runs any more. */
  close(): Promise<void>;
}

/**
 * Records what happens to files, directories and links below some directories, until it is closed.
 *
 * What it promises: what was there before gives no event; whatever exists after things have settled and is new or was
 * changed has had an event since; and each event was true when the path was looked at. What happens to one path between
 * two looks is one event: a file written a hundred times in a second gives one or two `modify`, a file replaced by a
 * rename one `modify`, a file created and deleted at once none (see `vanished`). A rename is a `delete` and a `create`.
 * Directories, links, sockets and pipes have events too, told apart by `data.kind`. A directory has `create` and `delete`
 * only, and neither when another one took its place between two looks; what differs inside has events.
 * Symbolic links are not followed. A name that is not valid UTF-8 is not captured, and its directory is reported.
 * A root that is deleted or moved is reported and given up, with a `delete` for all that was known below it.
 *
 * Resolves when the initial scan is done and changes are noticed.
 * @throws Error when a directory does not exist, is not a directory or is excluded.
 */
export async function captureFiles(options: FileCaptureOptions): Promise<FileCapture> {
  const excludePaths = await Promise.all((options.excludePaths ?? []).map((path) => resolvedPath(path)));
  const rule = new SkipRule(options.ignoreNames ?? [], excludePaths);
  const paths = await captureRoots(options.directories, rule);

  const counters = newCounters();
  let closed = false;
  const record: RecordFile = (action, seen) => {
    if (closed) return;
    counters.recorded[action] += 1;
    options.record(fileEvent(action, seen));
  };
  const problems = new CaptureProblems((message) => options.onProblem?.(message));

  const queue = new WorkQueue<CapturedDirectory>(directoriesAtOnce, (directory) => reconciler.work(directory));
  const settling = new Settling((directory, { looks, settledLooks, scan, rewatch }) => {
    const { pending } = directory;
    for (const name of looks) pending.looks.add(name);
    for (const name of settledLooks) pending.settledLooks.add(name);
    pending.scan ||= scan;
    pending.rewatch ||= rewatch;
    queue.push(directory);
  });
  const guard = new LossGuard(noticeQueueLength(), {
    onSuspicion: () => {
      counters.overflows += 1;
    },
    onQuiet: () => {
      for (const root of roots) {
        if (root.gone) continue;
        root.pending.scan = root.pending.deep = true;
        queue.push(root);
      }
    },
  });
  const scope = options.watchScope ?? platformWatchScope();
  const watches = new DirectoryWatches({ scope, rule, settling, guard, problems, counters });
  const removal = new EntryRemoval({ watches, settling, counters, record });
  const parts: CaptureParts = {
    rule,
    watches,
    settling,
    removal,
    problems,
    counters,
    record,
    queue: (d) => queue.push(d),
  };
  const reconciler = new Reconciler(parts);

  const roots = await Promise.all(
    paths.map(async (path) => new CapturedDirectory(undefined, path, await lstat(path), true)),
  );
  for (const root of roots) {
    root.pending.scan = true;
    queue.push(root);
  }
  await queue.idle();

  return {
    counters,
    async close() {
      closed = true;
      queue.clear();
      settling.stop();
      for (const root of roots) removal.retire(root);
      guard.stop();
      await queue.idle();
    },
  };
}

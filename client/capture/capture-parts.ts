import type { FileCaptureCounters } from './capture-counters.ts';
import type { CaptureProblems } from './capture-problems.ts';
import type { CapturedDirectory } from './captured-directory.ts';
import type { DirectoryWatches } from './directory-watches.ts';
import type { EntryRemoval } from './entry-removal.ts';
import type { RecordFile } from './file-event.ts';
import type { Settling } from './settling.ts';
import type { SkipRule } from './skip-rule.ts';

/** What the parts that compare directories with the index share. Built once, in `captureFiles`. */
export interface CaptureParts {
  readonly rule: SkipRule;
  readonly watches: DirectoryWatches;
  readonly settling: Settling;
  readonly removal: EntryRemoval;
  readonly problems: CaptureProblems;
  readonly counters: FileCaptureCounters;
  readonly record: RecordFile;
  /** Has the directory's pending work done, now or after its current run. */
  readonly queue: (directory: CapturedDirectory) => void;
}

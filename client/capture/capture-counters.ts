import type { FileAction } from './file-event.ts';

/** What a capture has done so far and knows now. */
export interface FileCaptureCounters {
  /** Events given to `record`. */
  recorded: Record<FileAction, number>;
  /** Directories in which changes are noticed now. */
  directoriesWatched: number;
  /** Paths in the index now that are not directories. */
  filesKnown: number;
  /** Directories compared with the index again after their first scan. */
  rescans: number;
  /**
   * Names that a notice mentioned and that were gone when looked at, without having been known. Nothing true can be
   * said about them, so they give no event. An upper bound: a late notice of a known deletion counts too.
   */
  vanished: number;
  /** Times the system's notice queue probably overflowed; each is followed by a comparison of everything. */
  overflows: number;
}

export function newCounters(): FileCaptureCounters {
  return {
    recorded: { create: 0, modify: 0, delete: 0 },
    directoriesWatched: 0,
    filesKnown: 0,
    rescans: 0,
    vanished: 0,
    overflows: 0,
  };
}

import { type Mutant, nodeArgumentsWith } from './mutant.ts';

/** Whatever is done in turns or slices is done in the smallest ones, so that few bytes meet every pause there is. */
export const shortestTurns = {
  reading: {
    fault: 'a pause after each value',
    file: 'daemon/prepare/raw-event.ts',
    from: 'const SLICE_VALUES = 32 * 1024;',
    to: 'const SLICE_VALUES = 1;',
  },
  preparing: {
    fault: 'a pause after each event',
    file: 'daemon/prepare/prepare-events.ts',
    from: 'const SLICE_EVENTS = 64;',
    to: 'const SLICE_EVENTS = 1;',
  },
  preparingJobs: {
    fault: 'a pause after each step',
    file: 'daemon/ingest/preparer.ts',
    from: 'const TURN_MS = 0.5;',
    to: 'const TURN_MS = 0;',
  },
  committing: {
    fault: 'few events in a transaction',
    file: 'daemon/writer/group-commit.ts',
    from: 'const TRANSACTION_EVENTS = 1_000;',
    to: 'const TRANSACTION_EVENTS = 2;',
  },
  dispatching: {
    fault: 'a pause after each frame',
    file: 'daemon/socket/connection.ts',
    from: 'const TURN_MS = 0.5;',
    to: 'const TURN_MS = 0;',
  },
  queueing: {
    fault: 'hardly anything goes ahead',
    file: 'daemon/ingest/ingest.ts',
    from: 'const SMALL_BYTES = 16 * 1024;',
    to: 'const SMALL_BYTES = 200;',
  },
} as const satisfies { [what: string]: Mutant };

/** Arguments for the node of a daemon that works like that. */
export function withShortestTurns(): string[] {
  return Object.values(shortestTurns).flatMap(nodeArgumentsWith);
}

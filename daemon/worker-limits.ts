/**
 * Heap bounds of a worker thread. Left alone, V8 sizes them by the machine's memory and gives little back; a thread that
 * exceeds them ends, and the process with it or a new thread in its place. V8's flags for the same win over them: those of
 * `client/cli/launch-daemon.ts` give all threads the same old generation, and a smaller young one.
 */
export const workerLimits = {
  writer: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
  reader: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 },
} as const;

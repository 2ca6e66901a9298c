/**
 * Heap bounds of a worker thread. Left alone, V8 sizes them by the machine's memory and gives little back; a thread that
 * exceeds them ends, and the process with it or a new thread in its place.
 */
export const workerLimits = {
  writer: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
  reader: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 },
} as const;

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The entry file of a worker thread beside the calling module: `.ts` in a checkout, `.js` in the built package. The
 * compiler rewrites import specifiers but not URLs, so the extension is derived here and nowhere else.
 */
export function workerEntry(callerUrl: string, name: string): URL {
  return new URL(`./${name}${extname(fileURLToPath(callerUrl))}`, callerUrl);
}

/**
 * Heap bounds of a worker thread. Left alone, V8 sizes them by the machine's memory and gives little back; a thread that
 * exceeds them ends, and the process with it or a new thread in its place.
 */
export const workerLimits = {
  writer: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
  reader: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 },
} as const;

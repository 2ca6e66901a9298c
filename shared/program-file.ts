import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What the program's own files lie under: the checkout, or `dist` of the built package. This file is one level below it in
 * both: the build puts what several entries share into `dist/chunks`, and holds this file against that.
 */
export const programDirectory = new URL('../', import.meta.url);

/** `.ts` in a checkout, `.js` in the built package. */
const extension = extname(fileURLToPath(import.meta.url));

/**
 * A file that is loaded by its name: what a thread or a process of its own begins with.
 * @param path without extension, as in `programFile('daemon/start')`. The build goes by these calls: write the path out.
 */
export function programFile(path: string): URL {
  return new URL(path + extension, programDirectory);
}

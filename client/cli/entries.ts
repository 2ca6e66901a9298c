import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `.ts` in a checkout, `.js` in the built package. */
const extension = extname(fileURLToPath(import.meta.url));

/** What a process of its own is started from: the daemon never runs inside the command line. */
export const daemonEntry = fileURLToPath(new URL(`../../daemon/main${extension}`, import.meta.url));

/** The `daybook` executable itself, for service definitions. */
export const daybookEntry = [
  new URL('./daybook.js', import.meta.url),
  new URL('../../../client/cli/daybook.js', import.meta.url),
]
  .map((url) => fileURLToPath(url))
  .find((path) => existsSync(path));

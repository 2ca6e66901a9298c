import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** An empty directory that is removed after the test. */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'daybook-launchd-'));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

import { join, sep } from 'node:path';
import type { ServiceDefinition } from './service-definition.ts';

/** Folders of the home directory that macOS opens to a background process only after it was allowed to. */
const privateFolders = ['Desktop', 'Documents', 'Downloads', 'Library/Mobile Documents'];

/** What will work today and may not tomorrow: sentences to show after an install, most often none. */
export function installWarnings(
  platform: NodeJS.Platform,
  homeDirectory: string,
  definition: ServiceDefinition,
): string[] {
  const { nodePath, scriptPath, logDirectory, environment } = definition;
  const warnings: string[] = [];
  const passing = [nodePath, scriptPath].find((path) => path.includes('/_npx/'));
  if (passing !== undefined) {
    warnings.push(
      `${passing} is in the cache of npx, which may be emptied at any time: ` +
        "install with 'npm install --global daybook' and run 'daybook install' again",
    );
  }
  if (platform === 'darwin') {
    for (const path of [nodePath, scriptPath, logDirectory, ...Object.values(environment)]) {
      const folder = privateFolders.find((name) => `${path}${sep}`.startsWith(join(homeDirectory, name) + sep));
      if (folder !== undefined) {
        warnings.push(
          `${path} is in ~/${folder}, which macOS keeps from background processes (EPERM): ` +
            "move it elsewhere and run 'daybook install' again",
        );
      }
    }
  }
  return warnings;
}

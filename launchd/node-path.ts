import { isAbsolute } from 'node:path';
import { ServiceError } from './service-error.ts';

const homebrewKeg = /^(?<prefix>.*)\/Cellar\/(?<formula>[^/]+)\/[^/]+\/bin\/node$/u;

/**
 * The path of the same Node.js that is still there after an upgrade. Homebrew deletes `Cellar/node@24/24.1.0` when it
 * installs 24.2.0 and keeps a link `opt/node@24` to the version in use; other paths are returned as they are.
 * @throws ServiceError invalid_definition when the path is not absolute
 */
export function stableNodePath(nodePath: string): string {
  if (!isAbsolute(nodePath)) {
    throw new ServiceError(
      'invalid_definition',
      `the path of node is not absolute: ${nodePath}`,
      'give the whole path, as process.execPath does: a service has no PATH to search',
    );
  }
  return nodePath.replace(homebrewKeg, '$<prefix>/opt/$<formula>/bin/node');
}

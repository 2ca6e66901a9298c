import { mkdirSync } from 'node:fs';
import { type DaybookPaths, daybookPaths } from '../../shared/paths.ts';
import { temporaryHome } from './temporary-home.ts';

/** A home with its directories, to put things in a daemon's way. */
export function preparedHome(): { paths: DaybookPaths; path: string; [Symbol.dispose]: () => void } {
  const home = temporaryHome();
  const paths = daybookPaths({ DAYBOOK_HOME: home.path });
  for (const directory of [paths.dataDirectory, paths.configDirectory, paths.logDirectory]) {
    mkdirSync(directory, { mode: 0o700 });
  }
  return { paths, path: home.path, [Symbol.dispose]: home.remove };
}

import { existsSync, lstatSync, realpathSync, statfsSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../../../launchd/shell-word.ts';
import type { DaybookPaths } from '../../../shared/paths.ts';
import { bytesText } from '../output.ts';
import { failed, type Finding, ok, warning } from './finding.ts';

const MiB = 1024 * 1024;
/** Less than the log of the database may take, and room for some days. */
const FAILED_BYTES = 64 * MiB;
const WARNED_BYTES = 1024 * MiB;

const SYNCED: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['iCloud', /\/(?:Library\/Mobile Documents|iCloud ?Drive)(?:\/|$)/i],
  ['Dropbox', /\/Dropbox(?: \([^/]*\))?(?:\/|$)/i],
  ['OneDrive', /\/OneDrive(?:[ -][^/]*)?(?:\/|$)/i],
  ['Google Drive', /\/(?:Google ?Drive|GoogleDrive-[^/]*)(?:\/|$)/i],
  ['a cloud service', /\/Library\/CloudStorage\//],
];

/** Ours, and nobody else's business; each thing that is not with the command for it. */
export function checkOwnership(paths: DaybookPaths): Finding[] {
  const { dataDirectory, logDirectory, configDirectory, database, config } = paths;
  const directories = [dataDirectory, logDirectory].flatMap((path) => judgeAccess(path, 0o077, '700', 'directory'));
  const files = ['', '-wal', '-shm', '.marker', '.lock'].flatMap((suffix) =>
    judgeAccess(database + suffix, 0o077, '600', 'file'),
  );
  const configured = [
    ...judgeAccess(configDirectory, 0o022, '700', 'directory'),
    ...judgeAccess(config, 0o022, '600', 'file'),
  ];
  const problems = [...directories, ...files, ...configured];
  if (problems.length > 0) return problems;
  const text = existsSync(dataDirectory) ? `${dataDirectory} and what is in it are private` : 'there are none yet';
  return [ok('directories', text)];
}

function judgeAccess(path: string, forbidden: number, mode: string, kind: 'directory' | 'file'): Finding[] {
  let stat: Stats | undefined;
  try {
    stat = lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return [failed('directories', `${path} cannot be looked at`, `ls -ld ${shellWord(dirname(path))}`)];
  }
  if (stat === undefined) return [];
  const word = shellWord(path);
  if (kind === 'directory' && !stat.isDirectory()) {
    return [failed('directories', `${path} must be a directory, not a link or a file`, `ls -ld ${word}`)];
  }
  const uid = process.getuid?.() ?? stat.uid;
  if (stat.uid !== uid) {
    return [failed('directories', `${path} belongs to user ${stat.uid}, not to you`, `sudo chown ${uid} ${word}`)];
  }
  if ((stat.mode & forbidden) === 0) return [];
  // A link says nothing about what it leads to.
  if (stat.isSymbolicLink()) return [];
  const found = (stat.mode & 0o777).toString(8).padStart(4, '0');
  return [failed('directories', `${path} is open to other users (mode ${found})`, `chmod ${mode} ${word}`)];
}

export function checkFreeSpace({ database }: DaybookPaths): Finding {
  const directory = nearest(dirname(database));
  const { bavail, bsize, files, ffree } = statfsSync(directory);
  const free = bavail * bsize;
  const cure = `make room: du -xh ${shellWord(directory)} | sort -h | tail`;
  if (files > 0 && ffree === 0) return failed('free space', `no more files can be made at ${directory}`, cure);
  const text = `${bytesText(free)} at ${directory}`;
  if (free < FAILED_BYTES) return failed('free space', text, cure);
  return free < WARNED_BYTES ? warning('free space', text, cure) : ok('free space', text);
}

/** What a program copies behind the back of SQLite is damaged sooner or later. */
export function checkSyncedFolders({ dataDirectory, database }: DaybookPaths): Finding {
  for (const path of new Set([dirname(database), dataDirectory])) {
    const real = realpathSync(nearest(path));
    const [name] = SYNCED.find(([, pattern]) => pattern.test(real)) ?? [];
    if (name === undefined) continue;
    const cure =
      path === dataDirectory
        ? 'daybook stop, move the directory, and export DAYBOOK_HOME=DIRECTORY that is not synced'
        : 'daybook stop, move the file, and daybook config set persistence.database_path PATH';
    return failed('synced folders', `${path} is in a folder of ${name}, which damages databases`, cure);
  }
  return ok('synced folders', 'the database is in none');
}

function nearest(path: string): string {
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  return there;
}

import type { Stats } from 'node:fs';

export type EntryKind = 'file' | 'directory' | 'link' | 'other';

/** Which inode a path led to. The birth time tells a reused inode number from the one that had it before. */
export interface Identity {
  ino: number;
  birthtimeMs: number;
}

/** What is remembered of a path that is not a directory: as little as finds a change, without the path itself. */
export interface KnownFile extends Identity {
  kind: Exclude<EntryKind, 'directory'>;
  sizeBytes: number;
  mtimeMs: number;
}

export function kindOf(stats: Stats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

export function knownFile(kind: KnownFile['kind'], stats: Stats): KnownFile {
  return { kind, sizeBytes: stats.size, mtimeMs: stats.mtimeMs, ino: stats.ino, birthtimeMs: stats.birthtimeMs };
}

export function sameIdentity(known: Identity, stats: Identity): boolean {
  return known.ino === stats.ino && known.birthtimeMs === stats.birthtimeMs;
}

/**
 * Whether what lies at the path was written to or replaced. ctime is left out on purpose: chmod, or a package manager
 * making another hard link to the same inode, is not a change of this file. A link or socket only changes by being
 * replaced, and what flows through a pipe is no change of the pipe.
 */
export function isModified(known: KnownFile, stats: Stats): boolean {
  if (!sameIdentity(known, stats)) return true;
  return known.kind === 'file' && (known.sizeBytes !== stats.size || known.mtimeMs !== stats.mtimeMs);
}

/**
 * Whether the last change is so recent that a further one could leave the same time stamp (see `freshMs`). Uses ctime,
 * because unpackers set mtime to the archive's. A stamp in the future says nothing, so it is not fresh.
 * @param lookBeganMs a time before the stats were read.
 */
export function isFresh(stats: Stats, lookBeganMs: number, nowMs: number, freshMs: number): boolean {
  return stats.ctimeMs > lookBeganMs - freshMs && stats.ctimeMs < nowMs + freshMs;
}

import type { KnownEntry } from './captured-directory.ts';

/**
 * Whether a known name that its directory no longer lists, yet can be looked up, is just another spelling of a listed
 * name. That happens where the file system ignores case or Unicode form (macOS): after `Foo` is renamed to `foo`, both
 * can be looked up. Elsewhere such a name was missed by a listing during a rename and is still there.
 */
export function isUnlistedAlias(
  name: string,
  ino: number,
  listed: ReadonlySet<string>,
  entries: ReadonlyMap<string, KnownEntry>,
): boolean {
  const folded = fold(name);
  for (const sibling of listed) {
    if (fold(sibling) !== folded) continue;
    const entry = entries.get(sibling);
    if (entry !== undefined && inodeOf(entry) === ino) return true;
  }
  return false;
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function inodeOf(entry: KnownEntry): number {
  return entry.kind === 'directory' ? entry.identity.ino : entry.ino;
}

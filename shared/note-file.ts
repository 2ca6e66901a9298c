import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What a small file beside a database says; undefined when there is none, or it cannot be read as a JSON map. */
export function readNote(path: string): { readonly [field: string]: unknown } | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    return typeof note === 'object' && note !== null ? (note as { readonly [field: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}

/** Old or new, never half. @throws the system's error */
export function writeNote(path: string, note: object): void {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ServiceError } from './service-error.ts';
import { shellWord } from './shell-word.ts';

/** What an install did to the definition file. */
export interface DefinitionChange {
  readonly outcome: 'created' | 'repaired' | 'unchanged';
  /** For `repaired`: one line a key that differed, `Key: old -> new`. */
  readonly changes: readonly string[];
}

/** The settings of a definition file, each printed as one line. Throws when the text is not such a file. */
export type ReadSettings = (text: string) => ReadonlyMap<string, string>;

/**
 * Puts `text` into the file at `path` in one step (a reader sees the old text or the new one) and says what that
 * changed. The file is written even when it is the same, which also repairs its mode and owner.
 * @throws ServiceError unwritable
 */
export async function writeDefinition(
  path: string,
  text: string,
  readSettings: ReadSettings,
): Promise<DefinitionChange> {
  try {
    const before = await readDefinition(path);
    await replaceFile(path, text);
    if (before === undefined) {
      return { outcome: 'created', changes: [] };
    }
    return before === text
      ? { outcome: 'unchanged', changes: [] }
      : { outcome: 'repaired', changes: describeChanges(before, text, readSettings) };
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The definition on disk, held against the one that an install would write now. */
export interface DefinitionComparison {
  readonly definitionPath: string;
  readonly file: 'missing' | 'same' | 'different';
  /** For `different`: one line a key, `Key: old -> new`. */
  readonly changes: readonly string[];
}

/** Compares without changing anything. @throws the system's error when the file cannot be read */
export async function compareDefinition(
  definitionPath: string,
  text: string,
  readSettings: ReadSettings,
): Promise<DefinitionComparison> {
  const there = await readDefinition(definitionPath);
  if (there === undefined) return { definitionPath, file: 'missing', changes: [] };
  return there === text
    ? { definitionPath, file: 'same', changes: [] }
    : { definitionPath, file: 'different', changes: describeChanges(there, text, readSettings) };
}

/**
 * Removes the file; false when there was none.
 * @throws ServiceError unwritable
 */
export async function removeDefinition(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (isMissing(error)) {
      return false;
    }
    throw unwritable(path, error);
  }
}

/** The text of the file, or undefined when there is none. */
export async function readDefinition(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // The name does not end in .plist or .service, so nobody takes a left-over for a definition.
  const temporaryPath = `${path}.${process.pid}.tmp`;
  try {
    // launchd refuses a file that others may write.
    await writeFile(temporaryPath, text, { mode: 0o644, flush: true });
    await rename(temporaryPath, path);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
}

function describeChanges(before: string, after: string, readSettings: ReadSettings): string[] {
  let old: ReadonlyMap<string, string>;
  try {
    old = readSettings(before);
  } catch {
    return ['the file could not be read as a service definition'];
  }
  const wanted = readSettings(after);
  const keys = [...new Set([...old.keys(), ...wanted.keys()])].filter((key) => old.get(key) !== wanted.get(key));
  return keys.length === 0
    ? ['spacing, order or comments']
    : keys.map((key) => `${key}: ${old.get(key) ?? '(missing)'} -> ${wanted.get(key) ?? '(removed)'}`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unwritable(path: string, error: unknown): ServiceError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ServiceError(
    'unwritable',
    `the service definition ${path} could not be changed: ${reason}`,
    `see who owns it: ls -ld ${shellWord(dirname(path))} ${shellWord(path)}`,
    { cause: error },
  );
}

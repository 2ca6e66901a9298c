import { open, stat } from 'node:fs/promises';
import type { ServiceWords } from './service.ts';

/** The end of a file that is never rotated. */
const READ_BYTES = 64 * 1024;

/** The line among these, oldest first, that says best why the daemon ended; undefined when none does. */
export function errorAmong(lines: readonly string[]): string | undefined {
  const said = lines.filter((line) => line.trim() !== '').toReversed();
  const own = said.find((line) => line.startsWith('daybook: '));
  // The trace of a crash has the reason in front of where it happened.
  const thrown = said.find((line) => /^(?:Uncaught )?[A-Z]\w*Error\b.*: /u.test(line));
  return (own?.replace('daybook: ', '') ?? thrown ?? said[0])?.trim();
}

/**
 * The last error in the file for errors. The file for output, which gets a line when the daemon is ready, tells whether it
 * is from before that. The files have no times but their own.
 */
export async function lastErrorIn(errorPath: string, outputPath: string): Promise<ServiceWords | undefined> {
  const [errors, output] = await Promise.all([mtimeOf(errorPath), mtimeOf(outputPath)]);
  if (errors === undefined || (output !== undefined && output > errors)) return undefined;
  const text = errorAmong((await endOf(errorPath)).split('\n'));
  return text === undefined ? undefined : { text, timeMs: errors };
}

async function mtimeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}

async function endOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, READ_BYTES));
    await file.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    await file.close();
  }
}

import { createInterface } from 'node:readline/promises';
import { UsageError } from './exit.ts';

/**
 * Asks on the terminal; anything but yes is no.
 * @param flag that answers instead
 * @throws UsageError when nobody is there to be asked
 */
export async function confirm(question: string, flag: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`nobody is there to be asked; add ${flag} to go on without`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/iu.test(answer.trim());
  } finally {
    terminal.close();
  }
}

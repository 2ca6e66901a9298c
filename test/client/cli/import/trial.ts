import assert from 'node:assert/strict';
import { daybook } from '../../../harness/command-line.ts';
import type { DaemonProcess } from '../../../harness/daemon-process.ts';

export interface ImportTotals {
  exitCode: number | null;
  format: string;
  stored: number;
  duplicate: number;
  rejected: number;
  rejections: { line?: number; event?: number; row?: number; bucket?: string; code: string; message: string }[];
}

/** Runs `daybook import … --json` that comes to the end of its input. */
export async function imported(
  daemon: DaemonProcess,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<ImportTotals> {
  const command = ['import', ...args, '--json'];
  const { exitCode, stdout, stderr } = await daybook(daemon.home, command, input === undefined ? {} : { input });
  assert.equal(stderr, '');
  return { exitCode, ...(JSON.parse(stdout) as Omit<ImportTotals, 'exitCode'>) };
}

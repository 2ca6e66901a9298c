import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { programDirectory, programFile } from '../../shared/program-file.ts';

/** What a process of its own is started from: the daemon never runs inside the command line. */
export const daemonEntry = fileURLToPath(programFile('daemon/start'));

/** What makes a backup and what brings one back: processes of their own, whether a daemon runs or not. */
export const backupEntry = fileURLToPath(programFile('daemon/backup/backup-process'));
export const restoreEntry = fileURLToPath(programFile('daemon/backup/restore-process'));

/** The `daybook` executable itself, for service definitions. In the built package it lies beside `dist`. */
export const daybookEntry = ['client/cli/daybook.js', '../client/cli/daybook.js']
  .map((path) => fileURLToPath(new URL(path, programDirectory)))
  .find((path) => existsSync(path));

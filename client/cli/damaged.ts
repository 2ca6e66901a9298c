import { exitCodes } from './exit.ts';

/** An event that cannot be read is left out, named, and makes the command fail. */
export function sayDamaged(id: number): void {
  process.stderr.write(`daybook: event ${id} is damaged in the database and was left out\n`);
  process.exitCode = exitCodes.failed;
}

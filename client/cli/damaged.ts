import { exitCodes } from './exit.ts';

/** An event that cannot be read is left out, named, and makes the command fail. */
export function sayDamaged(id: number): void {
  process.stderr.write(`daybook: event ${id} is damaged in the database and was left out\n`);
  process.exitCode = exitCodes.failed;
}

/** The same for events that were to be counted. */
export function sayUncounted(events: number): void {
  process.stderr.write(
    `daybook: ${events} events are damaged in the database and were not counted: see daybook verify\n`,
  );
  process.exitCode = exitCodes.failed;
}

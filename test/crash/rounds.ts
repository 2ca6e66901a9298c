/** How long the crash tests look: rounds of kill -9. `node test/crash/run.ts --rounds N`, or DAYBOOK_CRASH_ROUNDS. */
export const rounds = Number(process.env['DAYBOOK_CRASH_ROUNDS'] ?? 20);
if (!Number.isSafeInteger(rounds) || rounds < 1)
  throw new Error('DAYBOOK_CRASH_ROUNDS must be a whole number from 1 on');

/** Whether there is time for every case instead of a seeded choice. */
export const isThorough = rounds >= 1_000;

/** A pause of this process up to here is waiting, and what is beyond it is the machine's own standing still. */
const LONGEST_LOOK_MS = 50;
const LOOK_EVERY_MS = 10;

/**
 * Resolves with how long something took, ms, not counting the time in which this process had no turn either: a machine
 * that stands still for everybody is no fault of the one that is waited for.
 */
export async function waited(work: () => Promise<unknown>): Promise<number> {
  let waitedMs = 0;
  let lookedMs = performance.now();
  const look = () => {
    const nowMs = performance.now();
    waitedMs += Math.min(nowMs - lookedMs, LONGEST_LOOK_MS);
    lookedMs = nowMs;
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  look();
  return waitedMs;
}

/** A clock time of one certain day, in the time zone of this process. */
export function localSeconds(clock: string): number {
  return new Date(`2026-03-05T${clock}`).getTime() / 1000;
}

const DEFAULT_RUNS = 2_500;
/** With which each planted fault has been found every time. */
const CANARY_RUNS = 5_000;

/** How often each property is tried, when there are so many runs in all. */
function share(allRuns: number) {
  return {
    decoder: Math.ceil(allRuns * 0.4),
    recordBody: Math.ceil(allRuns * 0.4),
    daemon: Math.ceil(allRuns * 0.2),
  };
}

/** Runs in all: DAYBOOK_FUZZ_RUNS. */
export const runs = share(Number(process.env['DAYBOOK_FUZZ_RUNS'] ?? DEFAULT_RUNS));

/** What each property has to find a fault in, whatever the runs asked for. */
export const canaryRuns = share(CANARY_RUNS);

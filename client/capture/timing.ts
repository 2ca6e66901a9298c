/** Every time bound of the file capture, and why it is what it is. All of them only run while something is settling. */
export const captureTiming = {
  /**
   * How long a directory's notices gather before they are looked at. Long enough that "create, write, rename" is one
   * look, short enough that a person sees the event at once.
   */
  settleMs: 50,
  /** A file that is written without a pause is looked at this often, so that a long download yields few events. */
  longestWriteMs: 1_000,
  /** A directory that has been quiet for this long is compared with the index once, in case a notice was lost. */
  rescanQuietMs: 500,
  /**
   * A directory whose scan takes long waits this many times its last scan before the next, so that a log file in a
   * directory of 100,000 files cannot keep a core busy. With 20, rescans take at most a twentieth of the time.
   */
  rescanQuietPerScan: 20,
  /**
   * A file changed less than this before the look may change again without a visible trace: kernels before 6.13 stamp
   * times with the timer tick, at most 10 ms (HZ=100). Such a file is looked at again after `settleMs`.
   */
  freshMs: 10,
  /** A directory that is neither found nor known to be gone is scanned again for this long. */
  missingMs: 10_000,
} as const;

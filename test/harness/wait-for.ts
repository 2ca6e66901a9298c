/**
 * Resolves with the first truthy value that `probe` gives. Rejects at the deadline, naming what was waited for.
 * @param deadlineMs from now; generous, because only a failure waits that long
 */
export async function waitFor<Value>(
  what: string,
  probe: () => Value | Promise<Value>,
  deadlineMs = 20_000,
): Promise<NonNullable<Value>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

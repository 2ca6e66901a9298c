/** EX_CONFIG of sysexits.h. The systemd unit names it as one after which there is no other try. */
const REFUSED = 78;

/**
 * The exit code when a restart cannot cure what is wrong. Service managers start again what ends with an error: launchd
 * knows no exception but 0 (`DAYBOOK_SUPERVISED=1`), systemd can be told one (`systemd`), and then shows a failure as one.
 */
export function permanentExitCode(supervised: string | undefined): number {
  if (supervised === 'systemd') return REFUSED;
  return supervised === '1' ? 0 : 1;
}

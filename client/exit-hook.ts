/**
 * What has to be done when the process exits: at its end, by `process.exit()`, or by an exception that nobody caught. One
 * listener serves all clients of the process, so that many of them do not look like a leak.
 */
const actions = new Set<() => void>();

export function atExit(action: () => void): void {
  if (actions.size === 0) process.on('exit', runAll);
  actions.add(action);
}

export function forgetAtExit(action: () => void): void {
  actions.delete(action);
  if (actions.size === 0) process.off('exit', runAll);
}

function runAll(): void {
  for (const action of actions) action();
}

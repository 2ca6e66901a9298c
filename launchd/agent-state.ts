import type { ServiceReport, ServiceState } from './service.ts';

const beingStarted: ReadonlySet<string> = new Set(['spawn scheduled', 'spawning', 'xpcproxy']);
const ended: ReadonlySet<string> = new Set(['not running', 'waiting', 'exited', 'stopped']);

/**
 * How a loaded agent is, as far as `launchctl print` says it. Its text is no interface and has changed between releases of
 * macOS: a line that is missing or says something else says nothing, and a loaded agent is then taken to run.
 */
export function readAgentState(text: string): Omit<ServiceReport, 'isListening'> {
  const pid = Number(lineOf(text, 'pid'));
  const lastExit = exitOf(text);
  const state = stateOf(lineOf(text, 'state'), Number.isSafeInteger(pid) && pid > 0, lastExit);
  return {
    state,
    ...(pid > 0 && { pid }),
    ...(lastExit !== undefined && { lastExit }),
  };
}

/** Whether the agent is among the services that the user has switched off, as `launchctl print-disabled` lists them. */
export function isAgentDisabled(text: string, label: string): boolean {
  const line = text.split('\n').find((each) => each.includes(`"${label}"`));
  return line !== undefined && /=>\s*(?:true|disabled)\b/u.test(line);
}

function stateOf(said: string | undefined, hasProcess: boolean, lastExit: string | undefined): ServiceState {
  if (hasProcess || said === undefined) return 'running';
  const hasFailed = lastExit !== undefined && lastExit !== 'exit code 0';
  if (ended.has(said)) return hasFailed ? 'failed' : 'stopped';
  if (beingStarted.has(said)) return hasFailed ? 'failed' : 'starting';
  return 'running';
}

function exitOf(text: string): string | undefined {
  const signal = /(\d+)$/u.exec(lineOf(text, 'last terminating signal') ?? '')?.[1];
  if (signal !== undefined) return `signal ${signal}`;
  const code = /^(\d+)/u.exec(lineOf(text, 'last exit code') ?? '')?.[1];
  return code === undefined ? undefined : `exit code ${code}`;
}

/** The first line of this name at the top level, which is indented once; further in, others have the same names. */
function lineOf(text: string, name: string): string | undefined {
  return new RegExp(`^(?:\\t| {0,4})${name} = (.+)$`, 'mu').exec(text)?.[1]?.trim();
}

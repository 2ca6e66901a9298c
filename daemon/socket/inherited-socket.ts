import { fstatSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The flag of a socket that accepts connections, in /proc/net/unix. */
const ACCEPTS = 0x10000;
/** Where sd_listen_fds(3) begins to count. */
const FIRST_DESCRIPTOR = 3;

export type Environment = { readonly [name: string]: string | undefined };

/** A listening socket that whoever started this process has opened, or why there is none though there should be one. */
export type InheritedSocket = { descriptor: number } | { problem: string };

/**
 * Socket activation, as systemd does it: `LISTEN_FDS=1` and `LISTEN_PID` of this process say that descriptor 3 is the
 * socket; `DAYBOOK_LISTEN_FD` names another descriptor, for a socket that comes as standard input. The protocol is
 * sd_listen_fds(3).
 * @returns undefined when nothing was handed over
 */
export function inheritedSocket(environment: Environment, pid: number, path: string): InheritedSocket | undefined {
  const descriptor = namedDescriptor(environment, pid);
  if (descriptor === undefined) return undefined;
  const problem = problemWith(descriptor) ?? problemAt(descriptor, path);
  return problem === undefined ? { descriptor } : { problem };
}

/** The same before anybody knows where the socket should be. */
export function inheritedDescriptor(environment: Environment, pid: number): number | undefined {
  const descriptor = namedDescriptor(environment, pid);
  return descriptor === undefined || problemWith(descriptor) !== undefined ? undefined : descriptor;
}

function namedDescriptor(environment: Environment, pid: number): number | undefined {
  const { DAYBOOK_LISTEN_FD: named, LISTEN_FDS: count, LISTEN_PID: owner } = environment;
  if (named !== undefined && /^\d+$/.test(named)) return Number(named);
  return owner === String(pid) && Number(count) >= 1 ? FIRST_DESCRIPTOR : undefined;
}

function problemWith(descriptor: number): string | undefined {
  const stat = statOf(descriptor);
  if (stat === undefined || !stat.isSocket()) return `descriptor ${descriptor} is no socket`;
  const isListening = listeningSockets()?.has(stat.ino) ?? true;
  return isListening ? undefined : `the socket at descriptor ${descriptor} does not listen`;
}

function problemAt(descriptor: number, path: string): string | undefined {
  const bound = listeningSockets()?.get(statOf(descriptor)?.ino ?? 0);
  if (bound !== undefined && realPath(bound) !== realPath(path)) {
    return `it listens at ${bound}, and clients look at ${path}`;
  }
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true
    ? undefined
    : `${path} was deleted or replaced`;
}

function statOf(descriptor: number) {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

/** Paths of the listening sockets of this system, by inode; undefined where the system does not say. */
function listeningSockets(): Map<number, string> | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return undefined;
  }
  const lines = text.matchAll(/^\w+: \w+ \w+ (\w+) \w+ \w+ +(\d+)(?: (.*))?$/gm);
  return new Map(
    [...lines].flatMap(([, flags = '', inode, path = '']) =>
      (Number.parseInt(flags, 16) & ACCEPTS) === 0 ? [] : [[Number(inode), path] as const],
    ),
  );
}

function realPath(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { captureFiles } from '../../../client/capture/files.ts';
import type { FileCapture, FileCaptureOptions } from '../../../client/capture/files.ts';
import type { EventInput } from '../../../shared/event.ts';
import { waitFor } from './wait-for.ts';

export interface SeenEvent {
  action: string;
  path: string;
  kind: string;
  size?: number;
}

/** A capture of a temporary directory and what it recorded. */
export interface CaptureTrial {
  root: string;
  events: SeenEvent[];
  problems: string[];
  capture: FileCapture;
  path(...names: string[]): string;
  /** The actions recorded for a path below the root, in order. */
  actions(...names: string[]): string[];
  waitForActions(names: string[], actions: string[]): Promise<void>;
  /** Waits until directories in which something happened before this call have been compared with the index once more. */
  waitForRescan(): Promise<void>;
}

/** An empty directory that is deleted when the test ends. */
export function temporaryDirectory(t: TestContext): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'daybook-capture-')));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** @param prepare makes what exists before the capture begins. */
export async function startCapture(
  t: TestContext,
  prepare: (root: string) => void = () => {},
  options: Partial<FileCaptureOptions> = {},
): Promise<CaptureTrial> {
  const root = temporaryDirectory(t);
  prepare(root);
  const events: SeenEvent[] = [];
  const problems: string[] = [];
  const capture = await captureFiles({
    directories: [root],
    record: (event) => events.push(seenEvent(event)),
    onProblem: (message) => problems.push(message),
    ...options,
  });
  t.after(() => capture.close());
  const path = (...names: string[]): string => join(root, ...names);
  const actions = (...names: string[]): string[] =>
    events.filter((event) => event.path === path(...names)).map((event) => event.action);
  return {
    root,
    events,
    problems,
    capture,
    path,
    actions,
    waitForActions: (names, expected) =>
      waitFor(`${expected.join()} of ${names.join('/')}`, () => actions(...names).join() === expected.join()),
    waitForRescan: () => {
      const before = capture.counters.rescans;
      return waitFor('a rescan', () => capture.counters.rescans > before);
    },
  };
}

/** Checks the form that every event must have, and keeps what tests compare. */
export function seenEvent({ type, source, action, timestamp, data }: EventInput): SeenEvent {
  const { path, name, ext, dir, kind, size, ...rest } = data ?? {};
  const sound =
    type === 'file_op' &&
    source === 'fs' &&
    typeof action === 'string' &&
    timestamp === undefined &&
    typeof path === 'string' &&
    name === basename(path) &&
    ext === (/[^.]/.test(extname(path)) ? extname(path).toLowerCase() : '') &&
    dir === dirname(path) &&
    typeof kind === 'string' &&
    (typeof size === 'number') === (kind === 'file' && action !== 'delete') &&
    Object.keys(rest).length === 0;
  if (!sound) throw new Error(`unsound event ${JSON.stringify({ type, source, action, timestamp, data })}`);
  return { action, path, kind, ...(typeof size === 'number' ? { size } : {}) };
}

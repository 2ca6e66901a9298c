import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { glanceAt } from './event-glance.ts';
import { readGapFile } from './gap-file.ts';
import { isAlive, type Owner } from './owner.ts';
import { checkPrivateDirectory } from './private-directory.ts';
import { RecordScanner, seedOf } from './segment-format.ts';
import { decodeHeader } from './segment-header.ts';
import { clientNameOf } from './settings.ts';
import { readSpoolFile, SpoolDirectory, type SpoolFile } from './spool-directory.ts';

/** What one client name has in the spool. */
export interface SpoolSurvey {
  /** Null when neither the files nor the name of the directory say it. */
  client: string | null;
  directory: string;
  segments: number;
  events: number;
  /** All files. */
  bytes: number;
  /** Timestamps of events, seconds. */
  oldest: number | null;
  newest: number | null;
  /** Whose segments these are now. Those of ended processes are taken over by the next one of that name. */
  owners: { pid: number; alive: boolean; events: number }[];
  /** Places in segments that are no events. */
  damaged: number;
  /** Events that were dropped, of which the daemon does not know yet. */
  dropped: number;
  damagedSegments: { path: string; damaged: number }[];
}

interface SegmentSurvey {
  producer: string | undefined;
  events: number;
  damaged: number;
  oldest: number;
  newest: number;
}

/** Reads all of every spool below a directory. @throws the system's error, or unsafe_path */
export function surveySpools(root: string): SpoolSurvey[] {
  if (!checkPrivateDirectory(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => surveyClient(join(root, name), name))
    .filter(({ segments, dropped }) => segments + dropped > 0)
    .toSorted((a, b) => (a.directory < b.directory ? -1 : 1));
}

function surveyClient(directory: string, name: string): SpoolSurvey {
  const { files, totalBytes } = new SpoolDirectory(directory).list();
  const survey: SpoolSurvey = {
    client: clientNameOf(name) ?? null,
    directory,
    segments: 0,
    events: 0,
    bytes: totalBytes,
    oldest: null,
    newest: null,
    owners: [],
    damaged: 0,
    dropped: 0,
    damagedSegments: [],
  };
  const owners = new Map<string, SpoolSurvey['owners'][number]>();
  for (const file of files) {
    if (file.name.kind === 'segment') addSegment(survey, owners, file);
    else if (file.name.kind === 'gaps') survey.dropped += droppedIn(file.path);
  }
  survey.owners = [...owners.values()];
  return survey;
}

function addSegment(survey: SpoolSurvey, owners: Map<string, SpoolSurvey['owners'][number]>, file: SpoolFile): void {
  const segment = surveySegment(file);
  // It is gone: somebody has delivered it meanwhile.
  if (segment === undefined) return;
  const { producer, events, damaged, oldest, newest } = segment;
  survey.client ??= producer ?? null;
  survey.segments += 1;
  survey.events += events;
  survey.damaged += damaged;
  if (damaged > 0) survey.damagedSegments.push({ path: file.path, damaged });
  if (events > 0) {
    survey.oldest = Math.min(survey.oldest ?? oldest, oldest);
    survey.newest = Math.max(survey.newest ?? newest, newest);
  }
  const owner: Owner = file.name.owner === 'free' ? { pid: 0, start: 'free' } : file.name.owner;
  const key = `${owner.pid}-${owner.start}`;
  const known = owners.get(key) ?? { pid: owner.pid, alive: owner.pid > 0 && isAlive(owner), events: 0 };
  known.events += events;
  owners.set(key, known);
}

/** Undefined when the file is not there any more. A damaged one is read twice: it may have been about to be written. */
function surveySegment(file: SpoolFile): SegmentSurvey | undefined {
  const first = readSegment(file);
  return first !== undefined && first.damaged > 0 ? readSegment(file) : first;
}

function readSegment({ path, name }: SpoolFile): SegmentSurvey | undefined {
  let bytes: Buffer;
  try {
    bytes = readSpoolFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const decoded = decodeHeader(bytes);
  const survey: SegmentSurvey = { producer: undefined, events: 0, damaged: 0, oldest: Infinity, newest: -Infinity };
  if (decoded === 'newer') return survey;
  survey.producer = decoded?.header.producer;
  const scanner = new RecordScanner(bytes, decoded?.end ?? 0, seedOf(name.epoch));
  for (let record = scanner.next(); record !== undefined; record = scanner.next()) {
    survey.events += 1;
    const { timestampSeconds } = glanceAt(record.payload);
    if (timestampSeconds === undefined) continue;
    survey.oldest = Math.min(survey.oldest, timestampSeconds);
    survey.newest = Math.max(survey.newest, timestampSeconds);
  }
  survey.damaged = scanner.damagedPlaces;
  return survey;
}

function droppedIn(path: string): number {
  const content = readGapFile(path);
  if (typeof content !== 'object') return 0;
  return content.runs.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

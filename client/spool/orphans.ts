import { Lane } from '../lane.ts';
import type { Backlog } from './backlog.ts';
import { readGapFile } from './gap-file.ts';
import type { GapRun } from './gap-runs.ts';
import { isAlive, type Owner } from './owner.ts';
import { decodeHeader } from './segment-header.ts';
import { readSpoolFile, removeFile, type SpoolDirectory, type SpoolFile } from './spool-directory.ts';

const HEADER_BYTES = 4_096;

type Furnish = (lane: Lane, hasGapFile: boolean, runs?: readonly GapRun[]) => Backlog;

/**
 * Takes over the epochs whose processes have ended, the oldest first. An epoch of which somebody else has a part is left
 * to him, so that its events stay in order.
 * @param clientName whose directory it is, for files that do not say it any more
 * @throws the system's error, or unsafe_path
 */
export function claimOrphans(directory: SpoolDirectory, clientName: string, me: Owner, furnish: Furnish): Lane[] {
  const lanes: Lane[] = [];
  const isOrphan = orphanTest();
  for (const files of epochsIn(directory)) {
    if (!files.every(isOrphan)) continue;
    const complete = files.filter(({ name }) => name.kind !== 'incomplete');
    for (const file of files) if (!complete.includes(file)) removeFile(file.path);
    const { producer = clientName, isNewer } = originOf(complete);
    if (isNewer) continue;
    const claimed: SpoolFile[] = [];
    for (const file of complete) {
      const mine = directory.claim(file, me);
      // Whoever has the first file of an epoch has the others too.
      if (mine === undefined && claimed.length === 0) break;
      if (mine !== undefined) claimed.push(mine);
    }
    if (claimed.length > 0) lanes.push(laneOf(claimed, producer, furnish));
  }
  return lanes;
}

/** Whether nobody will write to this file any more, and nobody reads it. Each process is looked for once. */
export function orphanTest(): (file: SpoolFile) => boolean {
  const known = new Map<string, boolean>();
  return ({ name: { owner } }) => {
    if (owner === 'free') return true;
    const key = `${owner.pid}-${owner.start}`;
    const isOrphan = known.get(key) ?? !isAlive(owner);
    known.set(key, isOrphan);
    return isOrphan;
  };
}

/** The files of each epoch in order, gaps last; the epoch that has been left alone for longest first. */
function epochsIn(directory: SpoolDirectory): SpoolFile[][] {
  const files = directory.list().files.toSorted((a, b) => orderOf(a) - orderOf(b));
  const epochs = [...Map.groupBy(files, ({ name }) => name.epoch).values()];
  const oldestMs = (epoch: readonly SpoolFile[]) => Math.min(...epoch.map(({ modifiedMs }) => modifiedMs));
  return epochs.toSorted((a, b) => oldestMs(a) - oldestMs(b));
}

function orderOf({ name }: SpoolFile): number {
  return name.kind === 'segment' ? name.sequence : Number.MAX_SAFE_INTEGER;
}

/** Whose events these are, as far as the files say it, and whether a newer version wrote them. */
function originOf(files: readonly SpoolFile[]): { producer?: string; isNewer: boolean } {
  for (const { path, name } of files) {
    const content = name.kind === 'gaps' ? readGapFile(path) : decodeHeader(firstBytesOf(path));
    if (content === 'newer') return { isNewer: true };
    if (content === undefined) continue;
    return { producer: 'header' in content ? content.header.producer : content.producer, isNewer: false };
  }
  return { isNewer: false };
}

function firstBytesOf(path: string): Buffer {
  try {
    return readSpoolFile(path, HEADER_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}

function laneOf(files: readonly SpoolFile[], producer: string, furnish: Furnish): Lane {
  const lane = new Lane(producer, files[0]?.name.epoch ?? '');
  const gaps = files.find(({ name }) => name.kind === 'gaps');
  const content = gaps === undefined ? undefined : readGapFile(gaps.path);
  if (gaps !== undefined && content === undefined) removeFile(gaps.path);
  const runs = typeof content === 'object' ? content.runs : [];
  const backlog = furnish(lane, gaps !== undefined, runs);
  for (const { path, name, bytes } of files) {
    if (name.kind !== 'segment') continue;
    backlog.add({ path, sequence: name.sequence, bytes, last: undefined });
  }
  return lane;
}

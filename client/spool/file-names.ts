import type { Owner } from './owner.ts';

/**
 * Files of a spool, by name:
 *
 * - `EPOCH-SEQUENCE.OWNER.spool`: a segment. The sequence is the number of its first event, so names are in order.
 * - `EPOCH.OWNER.gaps`: events of this epoch that will never come, until the daemon has been told.
 * - either with `.new` behind it: not complete, and never used.
 *
 * OWNER is `PID-START`, or `free` when its process has given it up. Who renames a file to a name with another owner has
 * it, and nobody else does: the old name is gone for all others.
 */
export interface SpoolFileName {
  kind: 'segment' | 'gaps' | 'incomplete';
  epoch: string;
  /** 0 for gaps. */
  sequence: number;
  owner: Owner | 'free';
}

const SEQUENCE_DIGITS = 15;
const NAME = /^([\da-f-]{36})(?:-(\d{15}))?\.(free|(\d{1,10})-([\da-z]{1,40}))\.(spool|gaps)(\.new)?$/;

export function segmentName(epoch: string, sequence: number, owner: Owner | 'free'): string {
  return `${epoch}-${String(sequence).padStart(SEQUENCE_DIGITS, '0')}.${ownerText(owner)}.spool`;
}

export function gapsName(epoch: string, owner: Owner | 'free'): string {
  return `${epoch}.${ownerText(owner)}.gaps`;
}

export function withOwner(name: SpoolFileName, owner: Owner | 'free'): string {
  return name.kind === 'segment' ? segmentName(name.epoch, name.sequence, owner) : gapsName(name.epoch, owner);
}

/** Undefined for a file that is none of ours. */
export function parseFileName(name: string): SpoolFileName | undefined {
  const [, epoch, sequence, owner, pid, start, ending, incomplete] = NAME.exec(name) ?? [];
  if (epoch === undefined || (sequence === undefined) !== (ending === 'gaps')) return undefined;
  return {
    kind: incomplete !== undefined ? 'incomplete' : ending === 'gaps' ? 'gaps' : 'segment',
    epoch,
    sequence: Number(sequence ?? 0),
    owner: owner === 'free' ? 'free' : { pid: Number(pid), start: start ?? '' },
  };
}

function ownerText(owner: Owner | 'free'): string {
  return owner === 'free' ? 'free' : `${owner.pid}-${owner.start}`;
}

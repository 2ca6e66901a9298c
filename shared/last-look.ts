import { rmSync } from 'node:fs';
import { readNote, writeNote } from './note-file.ts';

/** What was found when a database was last looked through, all of it. */
export interface LastLook {
  database_id: string;
  /** Seconds since 1970. */
  at: number;
  /** Events. */
  checked: number;
  sound: boolean;
  /** Ids of events that are not what was stored, the first of them; absent from older notes. */
  damaged?: number[];
}

/** How far a look has come that takes its time, and goes on after a restart. */
export interface LookUnderWay {
  database_id: string;
  /** Seconds since 1970. */
  started: number;
  after_id: number;
  checked: number;
  damaged: number[];
}

/** Ids of damaged events that are noted. */
export const DAMAGED_NOTED = 100;

const pathFor = (databasePath: string) => `${databasePath}.verified`;
const underWayPathFor = (databasePath: string) => `${databasePath}.verifying`;

/** The look is over. A directory that cannot be written does not make it worth less. */
export function noteLook(databasePath: string, look: LastLook): void {
  write(pathFor(databasePath), look);
  rmSync(underWayPathFor(databasePath), { force: true });
}

export function noteUnderWay(databasePath: string, look: LookUnderWay): void {
  write(underWayPathFor(databasePath), look);
}

export function readLastLook(databasePath: string): LastLook | undefined {
  const look = readNote(pathFor(databasePath)) as Partial<LastLook> | undefined;
  return typeof look?.at === 'number' && typeof look.sound === 'boolean' ? (look as LastLook) : undefined;
}

/** Undefined when none has begun for this database. */
export function readUnderWay(databasePath: string, databaseId: string): LookUnderWay | undefined {
  const look = readNote(underWayPathFor(databasePath)) as Partial<LookUnderWay> | undefined;
  const isWhole = Number.isSafeInteger(look?.after_id) && Number.isSafeInteger(look?.checked);
  const isOurs = look?.database_id === databaseId && typeof look.started === 'number' && Array.isArray(look.damaged);
  return isWhole && isOurs ? (look as LookUnderWay) : undefined;
}

function write(path: string, note: object): void {
  try {
    writeNote(path, note);
  } catch (error) {
    process.emitWarning(`when this was is not noted: ${(error as Error).message}`);
  }
}

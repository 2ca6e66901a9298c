import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What `daybook verify` found when it last looked through the whole database. */
export interface LastLook {
  database_id: string;
  /** Seconds since 1970. */
  at: number;
  checked: number;
  sound: boolean;
}

const pathFor = (databasePath: string) => `${databasePath}.verified`;

/** A directory that cannot be written does not make the look itself worth less. */
export function noteLook(databasePath: string, look: LastLook): void {
  const path = pathFor(databasePath);
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, `${JSON.stringify(look)}\n`, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    process.stderr.write(`daybook: when this was is not noted: ${(error as Error).message}\n`);
  }
}

export function readLastLook(databasePath: string): LastLook | undefined {
  if (!existsSync(pathFor(databasePath))) return undefined;
  try {
    const look = JSON.parse(readFileSync(pathFor(databasePath), 'utf8')) as Partial<LastLook> | null;
    const isWhole = typeof look?.at === 'number' && typeof look.sound === 'boolean';
    return isWhole ? (look as LastLook) : undefined;
  } catch {
    return undefined;
  }
}

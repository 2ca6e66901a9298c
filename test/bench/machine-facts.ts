import Sqlite from 'better-sqlite3';
import { cpus, release, totalmem, type } from 'node:os';
import { versionOf } from './programs.ts';

/** What the figures depend on. Nothing that tells whose machine it is. */
export interface MachineFacts {
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  node: string;
  sqlite: string;
  redis?: string;
  nats?: string;
}

export function machineFacts(): MachineFacts {
  const db = new Sqlite(':memory:');
  const sqlite = String(db.prepare('SELECT sqlite_version()').pluck().get());
  db.close();
  const redis = versionOf('redis-server');
  const nats = versionOf('nats-server');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${/^\d+\.\d+/.exec(release())?.[0] ?? ''}`.trim(),
    node: process.versions.node,
    sqlite,
    ...(redis !== undefined && { redis }),
    ...(nats !== undefined && { nats }),
  };
}

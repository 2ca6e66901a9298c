import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, freemem, homedir, release, totalmem } from 'node:os';
import { gzipSync } from 'node:zlib';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import type { Finding } from './finding.ts';
import { shortenHomes } from './shorten-homes.ts';
import type { Situation } from './situation.ts';
import { tar } from './tar.ts';

/** Of the log, from its end. */
const LOG_LINES = 2_000;
/** What a line of the log may say to others. Names of clients are often those of sources. */
const LOG_FIELDS = ['time', 'level', 'pid', 'msg', 'code', 'error', 'reason', 'version', 'node', 'lastId'];

/**
 * An archive for somebody who helps: findings, figures, settings and the end of the log, without events, without names of
 * types, sources and clients, and with `~` for home directories. An existing file is not replaced.
 * @throws the system's error
 */
export async function writeBundle(path: string, situation: Situation, findings: readonly Finding[]): Promise<void> {
  const { paths, set, configProblem, daemon } = situation;
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const machine = {
    daybook: daybookVersion,
    node: process.versions.node,
    platform: process.platform,
    release: release(),
    architecture: process.arch,
    cores: cpus().length,
    memory_bytes: totalmem(),
    free_memory_bytes: freemem(),
    written: new Date().toISOString(),
  };
  const files: [name: string, text: string][] = [
    ['doctor.json', json(findings)],
    ['machine.json', json(machine)],
    ['settings.json', json({ set, problem: configProblem })],
    ['status.json', json(daemon.status ?? { problem: daemon.problem?.message })],
    ['stats.json', json(figuresOf(situation))],
    ['log.ndjson', logEnd(paths.log)],
  ];
  const redacted = files.map(([name, text]) => [`daybook/${name}`, shortenHomes(text, homedir())] as const);
  writeFileSync(path, gzipSync(tar(redacted, Date.now() / 1000)), { mode: 0o600, flag: 'wx' });
}

function figuresOf({ daemon: { stats } }: Situation): unknown {
  if (stats === undefined) return {};
  const { by_type, by_source, ...figures } = stats.database_stats;
  const counts = { types: Object.keys(by_type).length, sources: Object.keys(by_source).length };
  return { ...stats, database_stats: { ...figures, ...counts } };
}

function logEnd(path: string): string {
  const lines = [`${path}.1`, path].flatMap((file) =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [],
  );
  return lines
    .slice(-LOG_LINES)
    .map((line) => `${JSON.stringify(redactedEntry(line))}\n`)
    .join('');
}

function redactedEntry(line: string): unknown {
  try {
    const entry = JSON.parse(line) as { [field: string]: unknown };
    return Object.fromEntries(
      Object.entries(entry).filter(([field, value]) => LOG_FIELDS.includes(field) || typeof value === 'number'),
    );
  } catch {
    return { msg: 'a line that is no JSON', bytes: Buffer.byteLength(line) };
  }
}

/** The only reader of the environment and of files that configure the daemon. */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { DaybookError } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import { checkSocketPath, type DaybookPaths, daybookPaths } from '../shared/paths.ts';

export interface Config {
  paths: DaybookPaths;
  persist: boolean;
  batchSize: number;
  batchTimeoutMs: number;
  retentionDays: number;
  cleanupIntervalMs: number;
  /** Take the database as it is, or begin a new one, whatever was there before. */
  init: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const MS_PER_HOUR = 3_600_000;

/**
 * The configuration of this process: `config.json` over the defaults.
 * @throws DaybookError invalid_config with the key, path_too_long
 */
export async function loadConfig(environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Promise<Config> {
  const paths = daybookPaths(environment);
  checkSocketPath(paths.socket, process.platform);
  const file = await readConfigFile(paths.config);
  const persistence = file.persistence ?? {};
  return {
    paths: { ...paths, database: persistence.database_path ?? paths.database },
    persist: file.enable_persistence ?? true,
    batchSize: persistence.batch_size ?? 100,
    batchTimeoutMs: (persistence.batch_timeout ?? 5) * 1000,
    retentionDays: persistence.retention_days ?? 30,
    cleanupIntervalMs: (persistence.cleanup_interval_hours ?? 24) * MS_PER_HOUR,
    init: flags.includes('--init'),
    logLevel: file.log_level ?? 'info',
  };
}

type ConfigFile = Awaited<ReturnType<typeof parseConfig>>;

async function readConfigFile(path: string): Promise<ConfigFile> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return {};
  if (!stat.isFile() || stat.size > limits.configFileBytes) {
    throw new DaybookError('invalid_config', `${path} must be a file of at most ${limits.configFileBytes} bytes`);
  }
  if ((stat.mode & 0o022) !== 0) {
    throw new DaybookError('invalid_config', `${path} can be changed by other users; run: chmod 600 '${path}'`);
  }
  const text = readFileSync(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DaybookError('invalid_config', `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  return parseConfig(json, path, text);
}

async function parseConfig(json: unknown, path: string, text: string) {
  // Only loaded when there is something to check.
  const { z } = await import('zod');
  const schema = z.strictObject({
    enable_persistence: z.boolean().optional(),
    persistence: z
      .strictObject({
        database_path: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
        batch_size: z.int().min(1).max(limits.eventsPerFrame).optional(),
        batch_timeout: z.number().min(0.001).max(3_600).optional(),
        retention_days: z.number().min(0.01).max(36_500).optional(),
        cleanup_interval_hours: z.number().min(0.01).max(596).optional(),
      })
      .optional(),
    log_level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  });
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const key = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])].map(String);
  const what = unknownKey === undefined ? (issue?.message ?? 'is not valid') : 'is not a key that daybook knows';
  throw new DaybookError(
    'invalid_config',
    `${path}${lineOf(text, key.at(-1))}: ${key.join('.') || 'the file'}: ${what}`,
  );
}

/** ":LINE" of a key in the file, as far as its text shows it. */
function lineOf(text: string, key: string | undefined): string {
  if (key === undefined) return '';
  const at = text.indexOf(JSON.stringify(key));
  return at < 0 ? '' : `:${text.slice(0, at).split('\n').length}`;
}

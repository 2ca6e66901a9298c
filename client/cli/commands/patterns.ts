import { Command } from 'commander';
import type { Pattern, PatternFilter } from '../../index.ts';
import { UsageError } from '../exit.ts';
import { rowLimit } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { columns, localTime, plain, print, printJson } from '../output.ts';

interface ListOptions {
  type?: string[];
  minConfidence?: string;
  embryo?: string;
  event?: string;
  limit: string;
  cursor?: string;
  json?: true;
}

interface AddOptions {
  confidence: string;
  data: string;
  event?: string;
  embryo?: string;
}

export function command(): Command {
  const add = new Command('add')
    .description('Store a pattern, and print its id')
    .argument('<type>', 'what kind of regularity it is')
    .requiredOption('--confidence <number>', 'from 0 to 1')
    .option('--data <json>', 'what the pattern is', '{}')
    .option('--event <id>', 'the event it was found at')
    .option('--embryo <id>', 'which learner found it')
    .action((type: string, _options: unknown, self: Command) => store(type, self.optsWithGlobals<AddOptions>()));
  return new Command('patterns')
    .description('Regularities that analysers have found, newest first')
    .option('--type <type>', 'patterns of this type (may be repeated)', (value, earlier: string[] | undefined) => [
      ...(earlier ?? []),
      value,
    ])
    .option('--min-confidence <number>', 'at least this confident')
    .option('--embryo <id>', 'found by this learner')
    .option('--event <id>', 'found at this event')
    .option('--limit <n>', "how many, or 'all'", '100')
    .option('--cursor <cursor>', 'go on where an earlier list stopped')
    .option('--json', 'one JSON map a line')
    .action((options: ListOptions) => list(options))
    .addCommand(add.exitOverride());
}

async function list(options: ListOptions): Promise<void> {
  const { type, minConfidence, embryo, event, cursor: start } = options;
  const filter: PatternFilter = {
    ...(type && { types: type }),
    ...(minConfidence !== undefined && { minConfidence: share('--min-confidence', minConfidence) }),
    ...(embryo !== undefined && { embryoId: embryo }),
    ...(event !== undefined && { eventId: eventId(event) }),
  };
  const limit = rowLimit(options.limit);
  await withClient(async (client) => {
    const found: Pattern[] = [];
    let cursor: string | null = null;
    for await (const page of client.patternPages({ ...filter, limit, ...(start !== undefined && { cursor: start }) })) {
      cursor = page.cursor;
      if (options.json) for (const pattern of page.items) await printJson(pattern);
      else found.push(...page.items);
    }
    if (!options.json) await print(found.length === 0 ? 'no patterns match\n' : tableOf(found));
    if (cursor !== null) process.stderr.write(`there is more: add --limit all, or --cursor ${cursor}\n`);
  });
}

function tableOf(patterns: readonly Pattern[]): string {
  const rows = patterns.map((pattern) => [
    String(pattern.id),
    localTime(pattern.created),
    plain(pattern.patternType),
    pattern.confidence.toFixed(2),
    pattern.eventId === null ? '-' : String(pattern.eventId),
    plain(pattern.embryoId ?? '-'),
    plain(pattern.patternData),
  ]);
  return columns(['id', 'stored', 'type', 'confidence', 'event', 'embryo', 'data'], rows, 'id confidence event');
}

async function store(type: string, { confidence, data, event, embryo }: AddOptions): Promise<void> {
  try {
    JSON.parse(data);
  } catch (cause) {
    throw new UsageError(`--data is not JSON: ${(cause as Error).message}`, { cause });
  }
  const pattern = {
    patternType: type,
    confidence: share('--confidence', confidence),
    patternData: data,
    ...(event !== undefined && { eventId: eventId(event) }),
    ...(embryo !== undefined && { embryoId: embryo }),
  };
  const { id } = await withClient((client) => client.storePattern(pattern));
  await print(`${id}\n`);
}

/** @throws UsageError */
function share(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new UsageError(`${flag} must be a number from 0 to 1`);
  return value;
}

/** @throws UsageError */
function eventId(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(id) || id < 1) {
    throw new UsageError(`--event must be the id of an event, not ${JSON.stringify(text)}`);
  }
  return id;
}

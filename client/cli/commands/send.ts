import { Command } from 'commander';
import type { EventInput } from '../../../shared/event.ts';
import { durabilities, type Durability } from '../../../shared/messages/record.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { refuseInexactIntegers } from '../ndjson.ts';
import { withClient } from '../open-client.ts';
import { print, printJson } from '../output.ts';
import { parseTime } from '../parse-time.ts';

interface SendOptions {
  source: string;
  action?: string;
  data?: string;
  at?: string;
  durability: string;
  json?: true;
}

export function command(): Command {
  return new Command('send')
    .description('Record one event')
    .argument('<type>', 'what kind of thing happened')
    .argument('[fields...]', 'data: key=text, or key:=JSON for numbers, lists and maps')
    .requiredOption('--source <source>', 'who saw it')
    .option('--action <action>', 'what happened')
    .option('--data <json>', 'data as a JSON map; fields given one by one come on top')
    .option('--at <time>', 'when it happened (now, unless said)')
    .option('--durability <level>', 'committed (survives a crash) or flushed (survives power loss)', 'committed')
    .option('--json', 'print the receipt as JSON')
    .action(async (type: string, fields: string[], options: SendOptions) => {
      const event = await eventFrom(type, fields, options);
      const durability = durabilities.find((level) => level === options.durability);
      if (durability === undefined) throw new UsageError(`--durability must be one of: ${durabilities.join(', ')}`);
      await withClient((client) => send(client, event, durability, options.json === true));
    });
}

async function send(
  client: Parameters<Parameters<typeof withClient>[0]>[0],
  event: EventInput,
  durability: Durability,
  json: boolean,
): Promise<void> {
  const receipt = await client.recordBatch([event], { durability });
  const [rejection] = receipt.rejected;
  if (json) await printJson(receipt);
  else if (receipt.duplicate > 0) await print('duplicate: the same event is stored already\n');
  else if (rejection === undefined && !receipt.persisted)
    await print('accepted; this daemon is set to store nothing\n');
  else if (rejection === undefined) await print(`stored as ${receipt.firstId} (${receipt.level})\n`);
  if (rejection !== undefined) {
    process.stderr.write(`daybook: rejected: ${rejection.message} (${rejection.code})\n`);
    process.exitCode = exitCodes.failed;
  }
}

async function eventFrom(type: string, fields: readonly string[], options: SendOptions): Promise<EventInput> {
  const data = { ...parseMap('--data', options.data ?? '{}'), ...Object.fromEntries(fields.map(parseField)) };
  return {
    type,
    source: options.source,
    ...(options.action !== undefined && { action: options.action }),
    ...(options.at !== undefined && { timestamp: await parseTime(options.at) }),
    data,
  };
}

function parseField(field: string): [string, unknown] {
  const at = field.indexOf('=');
  if (at < 1) throw new UsageError(`${JSON.stringify(field)} is not of the form key=value`);
  const isJson = at > 1 && field[at - 1] === ':';
  const key = field.slice(0, isJson ? at - 1 : at);
  const value = field.slice(at + 1);
  return [key, isJson ? parseJson(key, value) : value];
}

function parseMap(name: string, text: string): { [key: string]: unknown } {
  const value = parseJson(name, text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${name} must be a JSON map, such as '{"path": "/tmp/a"}'`);
  }
  return value as { [key: string]: unknown };
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text, refuseInexactIntegers);
  } catch (cause) {
    throw new UsageError(`${name} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

import { Command } from 'commander';
import { createReadStream, type ReadStream, statSync } from 'node:fs';
import { DaybookError } from '../../../shared/errors.ts';
import { type EventInput, eventFromEitherForm } from '../../../shared/event.ts';
import type { Client } from '../../client.ts';
import { EventClock } from '../../event-clock.ts';
import { exitCodes } from '../exit.ts';
import { type NumberedLine, numberedLines, parseLine } from '../ndjson.ts';
import { openClient } from '../open-client.ts';
import { print, printJson, Progress, wholeNumber } from '../output.ts';

interface RejectedLine {
  line: number;
  code: string;
  message: string;
}

interface Totals {
  stored: number;
  duplicate: number;
  rejected: number;
  rejections: RejectedLine[];
}

/** Events whose receipts are awaited together, and such batches under way at a time. */
const BATCH_EVENTS = 500;
const BATCHES_UNDER_WAY = 4;
/** Rejected lines named on stderr; the rest are counted. `--json` names them all. */
const NAMED_REJECTIONS = 20;

export function command(): Command {
  return new Command('ingest')
    .description('Record events from NDJSON: one JSON map a line, canonical or flat')
    .argument('[file]', "a file, or '-' for standard input", '-')
    .option('--json', 'print the totals as JSON')
    .addHelpText(
      'after',
      '\nCanonical: {"type", "source", "timestamp", "action", "data": {…}}\nFlat:      {"type", "action", "ts", "src", …data}\n\nSafe to repeat: what is stored already counts as duplicate. Exits 1 when a line was rejected.',
    )
    .action(async (file: string, options: { json?: true }) => {
      const input = file === '-' ? process.stdin : openFile(file);
      const client = await openClient({ reconnect: true });
      try {
        const totals = await ingest(client, input, file === '-' ? undefined : statSync(file).size);
        await report(totals, options.json === true);
        if (totals.rejected > 0) process.exitCode = exitCodes.failed;
      } finally {
        await client.close();
      }
    });
}

function openFile(file: string): ReadStream {
  // Says at once when there is no such file, before a connection is opened.
  if (statSync(file).isDirectory()) throw new Error(`${file} is a directory`);
  return createReadStream(file, { highWaterMark: 256 * 1024 });
}

async function ingest(client: Client, input: AsyncIterable<Buffer>, sizeBytes: number | undefined): Promise<Totals> {
  const totals: Totals = { stored: 0, duplicate: 0, rejected: 0, rejections: [] };
  const clock = new EventClock();
  const progress = new Progress();
  const underWay = new Set<Promise<void>>();
  let failure: unknown;
  let batch: { events: EventInput[]; lines: number[] } = { events: [], lines: [] };
  let readBytes = 0;

  const reject = (rejection: RejectedLine) => {
    totals.rejected += 1;
    totals.rejections.push(rejection);
  };
  const send = async () => {
    const { events, lines } = batch;
    batch = { events: [], lines: [] };
    const delivery = client
      .recordBatch(events)
      .then(({ stored, duplicate, rejected }) => {
        totals.stored += stored;
        totals.duplicate += duplicate;
        for (const { index, code, message } of rejected) reject({ line: lines[index] ?? 0, code, message });
        const share = sizeBytes === undefined ? '' : ` (${Math.round((100 * readBytes) / Math.max(sizeBytes, 1))} %)`;
        progress.show(`${wholeNumber(totals.stored + totals.duplicate)} events${share}`);
      })
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => underWay.delete(delivery));
    underWay.add(delivery);
    if (underWay.size >= BATCHES_UNDER_WAY) await Promise.race(underWay);
  };

  for await (const line of numberedLines(input)) {
    readBytes += (line.bytes?.length ?? 0) + 1;
    const event = readEvent(line, clock, reject);
    if (event === undefined) continue;
    batch.events.push(event);
    batch.lines.push(line.number);
    if (batch.events.length === BATCH_EVENTS) await send();
    if (failure !== undefined) break;
  }
  if (batch.events.length > 0 && failure === undefined) await send();
  await Promise.all(underWay);
  progress.clear();
  if (failure !== undefined) throw failure;
  totals.rejections.sort((a, b) => a.line - b.line);
  return totals;
}

/** The event of a line; undefined for a blank or a rejected one. */
function readEvent(
  line: NumberedLine,
  clock: EventClock,
  reject: (rejection: RejectedLine) => void,
): EventInput | undefined {
  try {
    const value = parseLine(line);
    if (value === undefined) return undefined;
    // Checked by the daemon like everything else that is sent.
    const event = eventFromEitherForm(value) as unknown as EventInput;
    return { ...event, timestamp: event.timestamp ?? clock.now() };
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    reject({ line: line.number, code: error.code, message: error.message });
    return undefined;
  }
}

async function report(totals: Totals, json: boolean): Promise<void> {
  if (json) {
    await printJson(totals);
    return;
  }
  for (const { line, code, message } of totals.rejections.slice(0, NAMED_REJECTIONS)) {
    process.stderr.write(`line ${line}: ${message} (${code})\n`);
  }
  const unnamed = totals.rejections.length - NAMED_REJECTIONS;
  if (unnamed > 0) process.stderr.write(`and ${unnamed} more rejected lines ('--json' names them all)\n`);
  await print(`stored ${totals.stored}, duplicate ${totals.duplicate}, rejected ${totals.rejected}\n`);
}

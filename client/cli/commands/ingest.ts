import { Command } from 'commander';
import { type EventInput, eventFromEitherForm } from '../../../shared/event.ts';
import { EventClock } from '../../event-clock.ts';
import { exitCodes } from '../exit.ts';
import { lineEntries } from '../import/line-entries.ts';
import { openSource } from '../import/source.ts';
import { Submission, submitAll } from '../import/submission.ts';
import { printCounts, printTotalsAsJson, sayRefusals } from '../import/totals.ts';
import { openClient } from '../open-client.ts';
import { counted, Progress } from '../output.ts';

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
      const source = openSource(file);
      const client = await openClient({ reconnect: true });
      const progress = new Progress();
      try {
        const { counts, refusals } = await ingest();
        if (options.json) await printTotalsAsJson(counts, refusals);
        else {
          sayRefusals(refusals);
          await printCounts(counts);
        }
        if (counts.rejected > 0) process.exitCode = exitCodes.failed;
      } finally {
        await client.close();
      }

      async function ingest(): Promise<Submission> {
        const submission = new Submission(client, {
          onReceipt: () => {
            const { stored, duplicate } = submission.counts;
            progress.show(`${counted(stored + duplicate, 'event')}${source.share()}`);
          },
        });
        const clock = new EventClock();
        try {
          await submitAll(
            submission,
            lineEntries(source.bytes(), (value) => stampedEvent(value, clock)),
          );
        } finally {
          progress.clear();
        }
        return submission;
      }
    });
}

function stampedEvent(value: unknown, clock: EventClock): EventInput {
  // Checked by the daemon like everything else that is sent.
  const event = eventFromEitherForm(value) as unknown as EventInput;
  return { ...event, timestamp: event.timestamp ?? clock.now() };
}

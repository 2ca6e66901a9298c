import { Command } from 'commander';
import type { DamagedEvent } from '../../../shared/messages/verify.ts';
import type { Client } from '../../client.ts';
import { noteLook } from '../doctor/last-look.ts';
import { exitCodes } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { paint, plain, print, printJson, Progress, table, wholeNumber } from '../output.ts';

/** Damaged events named for people; `--json` names them all. */
const NAMED = 20;

interface Findings {
  checked: number;
  damaged: DamagedEvent[];
  structure: 'ok' | string[];
}

export function command(): Command {
  return new Command('verify')
    .description('Whether every event is what was stored, and the database sound')
    .option('--json', 'as one JSON map')
    .addHelpText('after', '\nExits 0 when nothing is damaged, 1 when something is. Others are served meanwhile.')
    .action(async (options: { json?: true }) => {
      const findings = await withClient(verifyAndNote);
      const isSound = areSound(findings);
      if (!isSound) process.exitCode = exitCodes.failed;
      if (options.json) await printJson(findings);
      else await print(summary(findings));
      if (!isSound) process.stderr.write(nextSteps(findings));
    });
}

function areSound({ damaged, structure }: Findings): boolean {
  return damaged.length === 0 && structure === 'ok';
}

async function verifyAndNote(client: Client): Promise<Findings> {
  const { database, database_id } = await client.status();
  const at = Date.now() / 1000;
  const findings = await verifyAll(client);
  noteLook(database, { database_id, at, checked: findings.checked, sound: areSound(findings) });
  return findings;
}

async function verifyAll(client: Client): Promise<Findings> {
  const progress = new Progress();
  const findings: Findings = { checked: 0, damaged: [], structure: 'ok' };
  try {
    for (let afterId: number | null = 0; afterId !== null; ) {
      const page = await client.verify({ afterId });
      findings.checked += page.checked;
      findings.damaged.push(...page.damaged);
      findings.structure = page.structure ?? 'ok';
      afterId = page.afterId;
      progress.show(`${wholeNumber(findings.checked)} events checked`);
    }
  } finally {
    progress.clear();
  }
  return findings;
}

function summary({ checked, damaged, structure }: Findings): string {
  const head = table([
    ['events', `${wholeNumber(checked)} checked`],
    ['damaged', damaged.length === 0 ? paint('green', 'none') : paint('red', wholeNumber(damaged.length))],
    ['structure', structure === 'ok' ? paint('green', 'ok') : paint('red', 'damaged')],
  ]);
  const shown = damaged.slice(0, NAMED);
  const width = Math.max(0, ...shown.map(({ id }) => String(id).length));
  const events = shown.map(({ id, message }) => `  ${String(id).padStart(width)}  ${plain(message)}\n`);
  const rest = damaged.length - shown.length;
  if (rest > 0) events.push(`  and ${wholeNumber(rest)} more ('--json' names them all)\n`);
  const lines = structure === 'ok' ? [] : structure.map((line) => `  ${plain(line)}\n`);
  return [
    head,
    ...(events.length > 0 ? ['\ndamaged events\n', ...events] : []),
    ...(lines.length > 0 ? ['\nstructure\n', ...lines] : []),
  ].join('');
}

function nextSteps({ structure }: Findings): string {
  return structure === 'ok'
    ? "daybook: the database is sound but for these events; 'daybook export FILE' saves what can be read\n"
    : "daybook: the database is damaged; 'daybook restart' sets it aside whole and goes on with all that can be read\n";
}

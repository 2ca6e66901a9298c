import { Command } from 'commander';
import { DAMAGED_NOTED, noteLook } from '../../../shared/last-look.ts';
import type { DamagedEvent, SearchCheck } from '../../../shared/messages/verify.ts';
import type { Client } from '../../client.ts';
import { exitCodes } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { counted, paint, plain, print, printJson, Progress, table, wholeNumber } from '../output.ts';

/** Damaged events named for people; `--json` names them all. */
const NAMED = 20;

interface Findings {
  checked: number;
  damaged: DamagedEvent[];
  structure: 'ok' | string[];
  /** Null without an index. */
  search: SearchCheck | null;
}

export function command(): Command {
  return new Command('verify')
    .description('Whether every event is what was stored, and the database sound')
    .option('--json', 'as one JSON map')
    .addHelpText('after', '\nExits 0 when nothing is damaged, 1 when something is. Others are served meanwhile.')
    .action(async (options: { json?: true }) => {
      const findings = await withClient(verifyAndNote);
      const isSound = areSound(findings) && isRight(findings.search);
      if (!isSound) process.exitCode = exitCodes.failed;
      if (options.json) await printJson(findings);
      else await print(summary(findings));
      if (!isSound) process.stderr.write(nextSteps(findings));
    });
}

function areSound({ damaged, structure }: Findings): boolean {
  return damaged.length === 0 && structure === 'ok';
}

function isRight(search: SearchCheck | null): boolean {
  return search === null || search.wrong.length === 0;
}

async function verifyAndNote(client: Client): Promise<Findings> {
  const { database, database_id } = await client.status();
  const at = Date.now() / 1000;
  const findings = await verifyAll(client);
  const damaged = findings.damaged.slice(0, DAMAGED_NOTED).map(({ id }) => id);
  noteLook(database, { database_id, at, checked: findings.checked, damaged, sound: areSound(findings) });
  return findings;
}

async function verifyAll(client: Client): Promise<Findings> {
  const progress = new Progress();
  const findings: Findings = { checked: 0, damaged: [], structure: 'ok', search: null };
  try {
    for (let afterId: number | null = 0; afterId !== null; ) {
      const page = await client.verify({ afterId });
      findings.checked += page.checked;
      findings.damaged.push(...page.damaged);
      findings.structure = page.structure ?? 'ok';
      if (page.search !== undefined) findings.search = added(findings.search, page.search);
      afterId = page.afterId;
      progress.show(`${counted(findings.checked, 'event')} checked`);
    }
  } finally {
    progress.clear();
  }
  return findings;
}

function added(before: SearchCheck | null, { checked, wrong }: SearchCheck): SearchCheck {
  return { checked: (before?.checked ?? 0) + checked, wrong: [...(before?.wrong ?? []), ...wrong] };
}

function searchText(search: SearchCheck | null): string {
  if (search === null) return 'no index';
  const { checked, wrong } = search;
  const verdict = wrong.length === 0 ? paint('green', 'ok') : paint('red', 'wrong');
  return `${verdict} (${counted(checked, 'event')} looked up)`;
}

function summary({ checked, damaged, structure, search }: Findings): string {
  const head = table([
    ['events', `${wholeNumber(checked)} checked`],
    ['damaged', damaged.length === 0 ? paint('green', 'none') : paint('red', wholeNumber(damaged.length))],
    ['structure', structure === 'ok' ? paint('green', 'ok') : paint('red', 'damaged')],
    ['search', searchText(search)],
  ]);
  const shown = damaged.slice(0, NAMED);
  const width = Math.max(0, ...shown.map(({ id }) => String(id).length));
  const events = shown.map(({ id, message }) => `  ${String(id).padStart(width)}  ${plain(message)}\n`);
  const rest = damaged.length - shown.length;
  if (rest > 0) events.push(`  and ${wholeNumber(rest)} more ('--json' names them all)\n`);
  const wrong = (search?.wrong ?? []).slice(0, NAMED).map((line) => `  ${plain(line)}\n`);
  const lines = structure === 'ok' ? [] : structure.map((line) => `  ${plain(line)}\n`);
  return [
    head,
    ...(events.length > 0 ? ['\ndamaged events\n', ...events] : []),
    ...(lines.length > 0 ? ['\nstructure\n', ...lines] : []),
    ...(wrong.length > 0 ? ['\nsearch index\n', ...wrong] : []),
  ].join('');
}

function nextSteps({ structure, damaged }: Findings): string {
  if (structure === 'ok' && damaged.length === 0)
    return 'daybook: no event is lost; the daemon makes the search index anew\n';
  return structure === 'ok'
    ? "daybook: the database is sound but for these events; 'daybook export FILE' saves what can be read\n"
    : "daybook: the database is damaged; 'daybook restart' sets it aside whole and goes on with all that can be read\n";
}

import { Command } from 'commander';
import type {
  Client,
  RetentionPlanReply,
  RetentionPlanRequest,
  RetentionRunReply,
  RetentionRule,
} from '../../index.ts';
import { retentionRulesProblem } from '../../../shared/retention-rule.ts';
import { settings } from '../../../shared/settings.ts';
import { confirm } from '../confirm.ts';
import { UsageError } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { bytesText, columns, counted, localTime, plain, print, printJson, Progress, wholeNumber } from '../output.ts';

interface PlanOptions {
  days?: string;
  sizeMb?: string;
  rule?: string[];
  json?: true;
}

/** How far off the clock of retention may be before it is said, seconds. */
const CLOCK_TOLERANCE_SECONDS = 60;
/** How often is looked how far a run is. */
const LOOK_MS = 250;

export function command(): Command {
  const plan = new Command('plan')
    .description('What retention would remove now; removes nothing')
    .option('--days <n>', 'try out other retention_days')
    .option('--size-mb <n>', 'try out another retention_size_mb')
    .option(
      '--rule <rule>',
      "try out rules instead of retention_rules: 'type=clipboard,days=7' (may be repeated)",
      (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value],
    )
    .option('--json', 'as one JSON map')
    .addHelpText('after', '\nTo keep a change: daybook config set persistence.retention_days 90, and so on.')
    .action(async (options: PlanOptions) => {
      const tried = triedSettings(options);
      const found = await withClient((client) => client.retentionPlan(tried));
      if (options.json) await printJson(found);
      else await print(planText(found));
    });
  const run = new Command('run')
    .description('Have retention done now, with the settings in force')
    .option('--yes', 'do not ask')
    .option('--json', 'the outcome as one JSON map')
    .addHelpText('after', '\nEvents are stored and found meanwhile. When interrupted, the daemon sees it through.')
    .action((options: { yes?: true; json?: true }) => withClient((client) => runNow(client, options)));
  return new Command('retention')
    .description('What is removed because it is old or too much')
    .addCommand(plan.exitOverride())
    .addCommand(run.exitOverride());
}

async function runNow(client: Client, { yes, json }: { yes?: true; json?: true }): Promise<void> {
  const plan = await client.retentionPlan();
  if (yes !== true && plan.events > 0) {
    process.stderr.write(planText(plan));
    if (!(await confirm('Remove these events for good?', '--yes'))) return;
  }
  const outcome = await watched(client, plan);
  if (json) await printJson(outcome);
  else await print(outcomeText(outcome));
}

/** Shows on a terminal how far it is. */
async function watched(client: Client, { events }: RetentionPlanReply): Promise<RetentionRunReply> {
  const progress = new Progress();
  const removedSoFar = async () => (await client.stats()).database_stats.retention_removed ?? 0;
  const before = process.stderr.isTTY ? await removedSoFar() : 0;
  const running = client.runRetention();
  const look = async () => {
    const removed = (await removedSoFar()) - before;
    progress.show(`${wholeNumber(removed)} of ${counted(events, 'event')} removed`);
  };
  // What goes wrong with it is said by the run itself.
  const timer = process.stderr.isTTY ? setInterval(() => void look().catch(() => undefined), LOOK_MS) : undefined;
  try {
    return await running;
  } finally {
    clearInterval(timer);
    progress.clear();
  }
}

function outcomeText({ events, by_size: bySize, freed_bytes: freed, seconds }: RetentionRunReply): string {
  const size = bySize > 0 ? `, ${wholeNumber(bySize)} of them for the bound on the size` : '';
  return `${counted(events, 'event')} removed${size}; the file is ${bytesText(freed)} smaller (${seconds.toFixed(1)} s)\n`;
}

function planText(plan: RetentionPlanReply): string {
  const lines = [`kept: ${settingsText(plan)}`];
  if (Date.now() / 1000 - plan.clock > CLOCK_TOLERANCE_SECONDS) {
    lines.push(
      `counted from ${localTime(plan.clock)}: the clock is ahead of what is stored, and a run goes no further at a time`,
    );
  }
  const size = plan.by_size > 0 ? `, ${wholeNumber(plan.by_size)} of them for the bound on the size` : '';
  lines.push(
    plan.events === 0
      ? 'nothing would go'
      : `${counted(plan.events, 'event')} would go${size}: about ${bytesText(plan.bytes)} on the disk`,
  );
  lines.push(plan.next_run === null ? 'a run is under way' : `next run: ${localTime(plan.next_run)}`);
  const rows = plan.by_type.map(({ type, events, kept, data_bytes: bytes, oldest }) => [
    plain(type),
    wholeNumber(events),
    bytesText(bytes),
    wholeNumber(kept),
    oldest === null ? '-' : localTime(oldest).slice(0, 16),
  ]);
  const heads = ['type', 'goes', 'data', 'stays', 'oldest'];
  const table = rows.length === 0 ? '' : `\n${columns(heads, rows, 'goes data stays')}`;
  return `${lines.join('\n')}\n${table}`;
}

function settingsText({
  retention_days: days,
  retention_size_mb: sizeMb,
  retention_rules: rules,
}: RetentionPlanReply): string {
  const texts = rules.map(({ type, source, days: each }) => {
    const names = [
      ...(type === undefined ? [] : [`type ${type}`]),
      ...(source === undefined ? [] : [`source ${source}`]),
    ];
    return `${plain(names.join(' of '))} ${each} days`;
  });
  return [`${days} days`, ...texts, ...(sizeMb > 0 ? [`${wholeNumber(sizeMb)} MiB at most`] : [])].join(', ');
}

/** @throws UsageError */
function triedSettings({ days, sizeMb, rule }: PlanOptions): RetentionPlanRequest {
  const rules = rule?.map(ruleFrom);
  const problem = rules && retentionRulesProblem(rules);
  if (problem !== undefined) throw new UsageError(`--rule ${problem}`);
  return {
    ...(days !== undefined && { retention_days: settingFrom('--days', 'retention_days', days) }),
    ...(sizeMb !== undefined && { retention_size_mb: settingFrom('--size-mb', 'retention_size_mb', sizeMb) }),
    ...(rules !== undefined && { retention_rules: rules }),
  };
}

function settingFrom(flag: string, key: 'retention_days' | 'retention_size_mb', text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const problem = settings[`persistence.${key}`].problem(value);
  if (problem !== undefined) throw new UsageError(`${flag} ${problem}, not ${JSON.stringify(text)}`);
  return value;
}

/** `type=T,source=S,days=N`; a name with a comma or `=` in it can only be set as JSON. @throws UsageError */
function ruleFrom(text: string): RetentionRule {
  const parts = text.split(',').map((part) => part.split('='));
  const fields = Object.fromEntries(parts);
  const isWhole = parts.every((part) => part.length === 2) && Object.keys(fields).length === parts.length;
  if (!isWhole || !('days' in fields)) {
    throw new UsageError(
      `--rule must be like type=clipboard,days=7 or type=app,source=apps,days=90, not ${JSON.stringify(text)}`,
    );
  }
  return { ...fields, days: fields.days === '' ? Number.NaN : Number(fields.days) } as RetentionRule;
}

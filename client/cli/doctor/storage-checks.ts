import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { agentOutputPaths } from '../../../launchd/agent-plist.ts';
import { shellWord } from '../../../launchd/shell-word.ts';
import type { Refusal } from '../../../shared/database-format.ts';
import type { DaybookError } from '../../../shared/errors.ts';
import { readLastLook } from '../../../shared/last-look.ts';
import { limits } from '../../../shared/limits.ts';
import type { DaybookPaths } from '../../../shared/paths.ts';
import { readStartNotice } from '../../../shared/start-notice.ts';
import { spoolDirectoryOf } from '../../spool/settings.ts';
import { surveySpools } from '../../spool/survey.ts';
import { bytesText, counted, durationText } from '../output.ts';
import { failed, type Finding, ok, warning } from './finding.ts';
import { isLocked, lockPath } from './instance-lock.ts';
import { type FileLook, lookAtFile } from './look-at-file.ts';
import { messageOf, type Situation } from './situation.ts';

const SECONDS_PER_DAY = 86_400;
/** After so long a database is worth looking through. */
const LOOK_AFTER_DAYS = 30;

export function checkDatabase({ paths, history, daemon }: Situation): Finding[] {
  const { database } = paths;
  const marker = existsSync(`${database}.marker`) ? readFileSync(`${database}.marker`, 'utf8') : undefined;
  const bytes = sizeOf(database);
  if (daemon.status?.persistence === false) return [ok('database', 'nothing is stored (enable_persistence is false)')];
  if (bytes === undefined || bytes === 0) {
    if (marker === undefined) return [ok('database', 'there is none yet')];
    const text = `${database} ${bytes === 0 ? 'is empty' : 'is missing'}, and its marker says there was one`;
    return [failed('database', text, 'put it back, or begin a new one: daybook daemon --init')];
  }
  const logBytes = sizeOf(`${database}-wal`) ?? 0;
  const text = `${bytesText(bytes)}, write-ahead log ${bytesText(logBytes)}`;
  const findings: Finding[] = [];
  const look = daemon.status === undefined && isAtRest(paths) ? lookAtFile(database, bytes) : undefined;
  if (look?.refusal !== undefined) findings.push(refused(database, look.refusal));
  else if (look?.problem !== undefined)
    findings.push(failed('database', look.problem.message, cureOf(look.problem, database)));
  else if (history.problem !== undefined) findings.push(failed('database', history.problem, 'daybook restart'));
  if (marker?.includes('suspect yes') === true) {
    const what = 'bytes were read that cannot have been written; the next start looks through the database';
    findings.push(failed('database', what, 'daybook restart'));
  }
  if (logBytes > limits.walAlarmBytes) {
    const reader = 'a program that reads the database keeps the log from being reused';
    findings.push(warning('database', `${text}: ${reader}`, `fuser -v ${shellWord(database)}`));
  }
  const aside = readdirSync(dirname(database)).filter((name) => name.startsWith(`${basename(database)}.corrupt-`));
  if (aside.length > 0) {
    const what = `${counted(aside.length, 'damaged database')} ${aside.length === 1 ? 'was' : 'were'} set aside`;
    findings.push(warning('database', what, `daybook gaps; then rm ${shellWord(database)}.corrupt-*`));
  }
  if (findings.length > 0) return findings;
  return [ok('database', look === undefined ? text : `${text}; ${lookText(look)}`)];
}

/** Nobody has it open, and nobody is about to. */
function isAtRest({ dataDirectory }: DaybookPaths): boolean {
  return readStartNotice(dataDirectory) === undefined && !isLocked(lockPath(dataDirectory));
}

function lookText({ share }: FileLook): string {
  if (share === 1) return 'its structure is sound';
  return `no damage in ${Math.floor(share * 100)} % of it, which is what was looked at ('daybook verify' looks at all)`;
}

function refused(database: string, { what, cure }: Refusal): Finding {
  const prefix = `${basename(database)}.schema-`;
  const kept = readdirSync(dirname(database)).filter((name) => name.startsWith(prefix) && /-\d+$/.test(name));
  const copies = kept.length === 0 ? '' : ` (copies from before it was brought up to date: ${kept.join(', ')})`;
  return failed('database', `${what}${copies}`, cure);
}

function cureOf({ code }: DaybookError, database: string): string {
  switch (code) {
    case 'damaged_database':
      return 'daybook start, then daybook verify, which names what is lost; then daybook restart, which saves the rest';
    case 'busy':
      return 'daybook start';
    default:
      return `ls -l ${shellWord(database)}`;
  }
}

export function checkIntegrityAge({ paths: { database }, daemon }: Situation, nowSeconds: number): Finding {
  const stat = statSync(database, { throwIfNoEntry: false });
  if (stat === undefined) return ok('integrity', 'there is no database yet');
  const look = readLastLook(database);
  const isSame = look !== undefined && (daemon.status === undefined || look.database_id === daemon.status.database_id);
  if (isSame && !look.sound) return failed('integrity', 'the last look found damage', 'daybook verify');
  const since = isSame ? look.at : stat.birthtimeMs / 1000;
  const age = Math.max(nowSeconds - since, 0);
  const text = isSame ? `looked through ${durationText(age)} ago` : 'never looked through';
  return age > LOOK_AFTER_DAYS * SECONDS_PER_DAY
    ? warning('integrity', text, 'daybook verify')
    : ok('integrity', isSame ? text : `${text}; the database is ${durationText(age)} old`);
}

/** Counts only: names are the business of `daybook spool`. */
export function checkSpools({ paths }: Situation): Finding {
  try {
    const surveys = surveySpools(spoolDirectoryOf(paths.socket));
    const sum = (of: (survey: (typeof surveys)[number]) => number) =>
      surveys.reduce((total, survey) => total + of(survey), 0);
    const damaged = sum((survey) => survey.damaged);
    const events = sum((survey) => survey.events);
    const left = sum(({ owners }) => owners.reduce((total, owner) => total + (owner.alive ? 0 : owner.events), 0));
    if (damaged > 0) return warning('spools', counted(damaged, 'damaged place'), 'daybook spool --verify');
    if (left > 0) {
      return warning(
        'spools',
        `${counted(left, 'event')} of ended processes ${left === 1 ? 'waits' : 'wait'}`,
        'daybook spool drain',
      );
    }
    return ok(
      'spools',
      events === 0
        ? 'nothing waits'
        : `${counted(events, 'event')} ${events === 1 ? 'waits for its' : 'wait for their'} process`,
    );
  } catch (error) {
    return failed('spools', messageOf(error), 'daybook spool');
  }
}

export function checkLog({ paths: { log, logDirectory } }: Situation): Finding {
  const bytes = sizeOf(log);
  if (bytes === undefined) return ok('log', 'there is none yet');
  const rotated = readdirSync(dirname(log)).filter((name) => name.startsWith(`${basename(log)}.`)).length;
  const text = `${bytesText(bytes)}, ${rotated} older ones kept`;
  if (bytes > 2 * limits.logFileBytes) return warning('log', `${text}: it is not rotated`, 'daybook restart');
  const { standardOut, standardError } = agentOutputPaths(logDirectory);
  const large = [standardOut, standardError].find((path) => (sizeOf(path) ?? 0) > limits.logFileBytes);
  if (large !== undefined) return warning('log', `${large} is large, and nobody rotates it`, `: > ${shellWord(large)}`);
  return ok('log', text);
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

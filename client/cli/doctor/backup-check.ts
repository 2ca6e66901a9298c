import { existsSync, statSync } from 'node:fs';
import { readBackupNote } from '../../../shared/backup-note.ts';
import { settingDefaults } from '../../../shared/settings.ts';
import { durationText } from '../output.ts';
import { type Finding, ok, warning } from './finding.ts';
import type { Situation } from './situation.ts';

const KEY = 'persistence.backup_interval_hours';
/** After so long a history is worth a backup. */
const OLD_SECONDS = 30 * 86_400;
/** A scheduled one can wait for a computer that is off. */
const INTERVALS = 2;

export function checkBackups({ paths: { database }, set, daemon }: Situation, nowSeconds: number): Finding {
  const stat = statSync(database, { throwIfNoEntry: false });
  if (stat === undefined) return ok('backups', 'there is no database yet');
  const { last, failure } = readBackupNote(database, daemon.status?.database_id);
  const hours = daemon.status?.settings.backup_interval_hours ?? set[KEY] ?? settingDefaults[KEY];
  const by =
    hours === 0 ? `daybook backup; for more without being asked: daybook config set ${KEY} 168` : 'daybook backup';
  if (failure !== null) {
    const age = durationText(Math.max(nowSeconds - failure.at, 0));
    return warning('backups', `none could be made ${age} ago: ${failure.reason}`, 'daybook backup');
  }
  if (last === null) {
    const age = Math.max(nowSeconds - stat.birthtimeMs / 1000, 0);
    const text = `none was made; the database is ${durationText(age)} old`;
    return age > OLD_SECONDS ? warning('backups', text, by) : ok('backups', text);
  }
  const age = Math.max(nowSeconds - last.at, 0);
  const text = `the last was made ${durationText(age)} ago: ${last.file}`;
  if (!existsSync(last.file)) return warning('backups', `${text}, and is not there any more`, by);
  const isOld = age > (hours === 0 ? OLD_SECONDS : Math.max(INTERVALS * hours * 3_600, 86_400));
  return isOld ? warning('backups', text, by) : ok('backups', text);
}

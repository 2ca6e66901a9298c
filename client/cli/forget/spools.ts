import { daybookPaths } from '../../../shared/paths.ts';
import { spoolDirectoryOf } from '../../spool/settings.ts';
import { type SpoolSurvey, surveySpools } from '../../spool/survey.ts';
import { deliverSpool } from '../deliver-spool.ts';
import { counted, plain, wholeNumber } from '../output.ts';
import type { NotReached } from './receipt.ts';

/**
 * Has everything delivered that ended processes have left, so that it can be found, and forgotten with the rest. Returns how
 * many events that were.
 */
export async function deliverSpools(): Promise<number> {
  const root = spoolRoot();
  let delivered = 0;
  for (const survey of surveySpools(root).filter((each) => waiting(each, false) > 0)) {
    const { stored, duplicate, rejected } = await deliverSpool(survey, root);
    delivered += stored + duplicate + rejected;
  }
  return delivered;
}

/** Events that wait in the spools of ended processes. */
export function waitingEvents(): number {
  return surveySpools(spoolRoot()).reduce((sum, survey) => sum + waiting(survey, false), 0);
}

/** What is still there: the files of processes that run are theirs, and some cannot be delivered. */
export function notReachedSpools(): NotReached[] {
  return surveySpools(spoolRoot()).flatMap((survey) => {
    const name = plain(survey.client ?? survey.directory);
    const found: string[] = [];
    const pids = survey.owners.filter(({ alive, events }) => alive && events > 0).map(({ pid }) => pid);
    if (pids.length > 0) {
      const count = wholeNumber(waiting(survey, true));
      found.push(
        `${count} events of ${name} wait in the spool of process ${pids.join(', ')}, which delivers them itself`,
      );
    }
    const left = waiting(survey, false);
    if (left > 0) found.push(`${counted(left, 'event')} of ${name} in the spool could not be delivered`);
    if (survey.damaged > 0) found.push(`a damaged place in the spool of ${name}: see daybook spool --verify`);
    return found.map((message) => ({ what: 'spool' as const, message }));
  });
}

function waiting({ owners }: SpoolSurvey, isAlive: boolean): number {
  return owners.filter(({ alive }) => alive === isAlive).reduce((sum, { events }) => sum + events, 0);
}

function spoolRoot(): string {
  return spoolDirectoryOf(daybookPaths(process.env).socket);
}

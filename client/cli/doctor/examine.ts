import { checkCanary, checkClock, checkConfiguration, checkLock, checkSocket } from './daemon-checks.ts';
import { checkBackups } from './backup-check.ts';
import { failed, type Finding } from './finding.ts';
import { checkFreeSpace, checkOwnership, checkSyncedFolders } from './place-checks.ts';
import { checkAddon, checkNode, checkService, checkSocketLength } from './program-checks.ts';
import { messageOf, type Situation } from './situation.ts';
import { checkDatabase, checkIntegrityAge, checkLog, checkSpools } from './storage-checks.ts';

/** Every check, in the order in which a person would look. One that cannot be made is a finding too. */
export async function examine(situation: Situation): Promise<Finding[]> {
  const { paths } = situation;
  const nowSeconds = Date.now() / 1000;
  const checks: [name: string, run: () => Finding | Finding[] | Promise<Finding>][] = [
    ['node', () => checkNode(process.versions.node, process.execPath)],
    ['addon', checkAddon],
    ['service', checkService],
    ['configuration', () => checkConfiguration(situation)],
    ['directories', () => checkOwnership(paths)],
    ['path lengths', () => checkSocketLength(paths)],
    ['free space', () => checkFreeSpace(paths)],
    ['synced folders', () => checkSyncedFolders(paths)],
    ['clock', () => checkClock(situation, nowSeconds)],
    ['instance lock', () => checkLock(situation)],
    ['socket', () => checkSocket(situation)],
    ['canary', () => checkCanary(situation)],
    ['database', () => checkDatabase(situation)],
    ['integrity', () => checkIntegrityAge(situation, nowSeconds)],
    ['backups', () => checkBackups(situation, nowSeconds)],
    ['spools', () => checkSpools(situation)],
    ['log', () => checkLog(situation)],
  ];
  const found = await Promise.all(
    checks.map(async ([name, run]) => {
      try {
        return await run();
      } catch (error) {
        return failed(name, `this could not be looked at: ${messageOf(error)}`, 'daybook doctor --bundle FILE');
      }
    }),
  );
  return found.flat();
}

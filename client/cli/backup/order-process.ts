import { fork } from 'node:child_process';
import { DaybookError } from '../../../shared/errors.ts';
import type { BackupProgress, Existing, FromBackup, ToRestore } from '../../../shared/messages/backup.ts';
import { errorFromBody } from '../../../shared/messages/error-body.ts';
import { bytesText, counted, Progress, wholeNumber } from '../output.ts';

/**
 * Has a process of its own carry out an order, shows on a terminal how far it is, and resolves with its report. The process
 * ends with this one.
 * @param confirm asked when the process wants to know
 * @throws DaybookError
 */
export async function orderProcess<Report>(
  entry: string,
  order: object,
  confirm: (existing: Existing) => Promise<boolean> = () => Promise.resolve(false),
): Promise<Report> {
  const progress = new Progress();
  const child = fork(entry, [JSON.stringify(order)], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=128'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    return await new Promise<Report>((resolve, reject) => {
      child.on('message', (message: FromBackup<Report>) => {
        if (message.kind === 'progress') progress.show(progressText(message));
        else progress.clear();
        if (message.kind === 'done') resolve(message.report);
        else if (message.kind === 'failed') reject(errorFromBody(message.error));
        else if (message.kind === 'confirm') {
          confirm(message).then((isAgreed) => child.send({ isAgreed } satisfies ToRestore), reject);
        }
      });
      child.on('error', reject);
      child.on('exit', (exitCode, signal) =>
        reject(new DaybookError('storage_error', `the process that does it ended (${signal ?? exitCode})`)),
      );
    });
  } finally {
    progress.clear();
    if (child.connected) child.disconnect();
  }
}

function progressText({ step, done, total }: BackupProgress): string {
  const share = total === 0 ? 100 : Math.floor((done / total) * 100);
  return step === 'copying'
    ? `copying   ${share} %  ${bytesText(done)} of ${bytesText(total)}`
    : `checking  ${wholeNumber(done)} of ${counted(total, 'event')}`;
}

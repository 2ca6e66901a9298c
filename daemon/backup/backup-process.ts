/** Entry of the process that makes a backup: started by `daybook backup`, and by the daemon when one is due. */
import type { BackupOrder, BackupReport } from '../../shared/messages/backup.ts';
import { makeBackup } from './make-backup.ts';
import { serve } from './process-port.ts';

await serve<BackupReport>((order, tell) =>
  makeBackup(order as BackupOrder, (progress) => tell({ kind: 'progress', ...progress })),
);

/** Entry of the process that brings a backup back: started by `daybook restore`. */
import { once } from 'node:events';
import type { RestoreOrder, RestoreReport, ToRestore } from '../../shared/messages/backup.ts';
import { serve } from './process-port.ts';
import { restoreBackup } from './restore-backup.ts';

await serve<RestoreReport>((order, tell) =>
  restoreBackup(order as RestoreOrder, {
    onProgress: (progress) => tell({ kind: 'progress', ...progress }),
    confirm: async ({ database, last_id, set_aside }) => {
      tell({ kind: 'confirm', database, last_id, set_aside });
      const [answer] = (await once(process, 'message')) as [ToRestore];
      return answer.isAgreed;
    },
  }),
);

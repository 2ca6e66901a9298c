/** Entry of the process that looks through all events at a low rate. Ends when it is done, and with its daemon. */
import { constants, setPriority } from 'node:os';
import { openReader } from '../storage/open-database.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import type { FromWalk, WalkOrder } from './verify-messages.ts';
import { walk } from './verify-walk.ts';

process.umask(0o077);
setPriority(constants.priority.PRIORITY_LOW);
process.on('disconnect', () => process.exit(0));
const tell = (message: FromWalk) => process.send?.(message, () => process.exit(0));
try {
  const order = JSON.parse(process.argv[2] ?? '') as WalkOrder;
  const db = openReader(order.databasePath);
  // Each row is read once.
  db.pragma('mmap_size = 0');
  tell({ result: await walk(db, order) });
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  tell({ failure: reason, isDamaged: storageFailure(error) === 'damaged' });
}

/** Asks the daemon at the given socket for what does not exist, again and again, until it is killed. */
import { connect } from '../../client/index.ts';

const client = connect({ socketPath: process.argv[2] ?? '', clientName: 'slowest-query', spool: false });
await client.ready();
process.stdout.write('under way\n');
for (;;) {
  for await (const { events } of client.pages({ types: ['file_op'], actions: ['copy'] })) {
    if (events.length > 0) throw new Error('there is such an event');
  }
}

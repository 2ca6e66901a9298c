import type { Client, ConnectOptions } from '../index.ts';
import { connect } from '../connect.ts';
import { connectWithNet } from '../net-transport.ts';

/**
 * A client whose daemon has answered. It has no spool unless it is given one: what a command is told, it sees through
 * itself.
 * @throws DaybookError not_reachable when nobody does
 */
export async function openClient(options: ConnectOptions = {}): Promise<Client> {
  const { reconnect = false, spool = false } = options;
  // A command that runs for a moment does without what node-ipc takes to load.
  const first = connect({
    clientName: 'daybook',
    transport: connectWithNet,
    ...options,
    reconnect: false,
    spool: reconnect ? false : spool,
  });
  await first.ready();
  if (!reconnect) return first;
  // There is one, so it is worth waiting for when it goes away later.
  await first.close();
  return connect({ clientName: 'daybook', transport: connectWithNet, ...options, spool });
}

/** Runs `use` with a client and closes it afterwards. */
export async function withClient<Result>(
  use: (client: Client) => Promise<Result>,
  options: ConnectOptions = {},
): Promise<Result> {
  const client = await openClient(options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

import type { Client, ConnectOptions } from '../index.ts';
import { connect } from '../connect.ts';
import { patientTransport, type Patience } from './patience.ts';

export interface OpenOptions extends ConnectOptions {
  /** What becomes of waiting for a daemon that gives no sign of life; `give-up` unless said. */
  patience?: Patience;
}

/**
 * A client whose daemon has answered. It has no spool unless it is given one: what a command is told, it sees through
 * itself.
 * @throws DaybookError not_reachable when nobody does
 */
export async function openClient({ patience = 'give-up', ...options }: OpenOptions = {}): Promise<Client> {
  const { reconnect = false, spool = false } = options;
  const first = connect({
    clientName: 'daybook',
    transport: patientTransport(reconnect ? 'give-up' : patience, false),
    ...options,
    reconnect: false,
    spool: reconnect ? false : spool,
  });
  await first.ready();
  if (!reconnect) return first;
  // There is one, so it is worth waiting for when it goes away later.
  await first.close();
  return connect({ clientName: 'daybook', transport: patientTransport(patience, true), ...options, spool });
}

/** Runs `use` with a client and closes it afterwards. */
export async function withClient<Result>(
  use: (client: Client) => Promise<Result>,
  options: OpenOptions = {},
): Promise<Result> {
  const client = await openClient(options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

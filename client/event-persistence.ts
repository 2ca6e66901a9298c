import { DaybookError } from '../shared/errors.ts';
import { type EventInput, eventFromEitherForm, type StoredEvent } from '../shared/event.ts';
import type { DaemonSettings } from '../shared/messages/status.ts';
import type { StatsReply } from '../shared/messages/stats.ts';
import type { Client } from './client.ts';
import { connect, type ConnectOptions } from './connect.ts';
import type { EventQuery } from './query.ts';

export interface EventPersistenceConfig {
  /** False: nothing is taken; `queueEvent` returns false. */
  enable_persistence?: boolean;
  /** Settings the daemon must have. They are the daemon's own: `start` refuses a daemon that runs with others. */
  persistence?: Partial<DaemonSettings>;
  /** How to reach the daemon. */
  connection?: ConnectOptions;
}

export interface PatternInput {
  eventId?: number;
  patternType: string;
  /** 0 to 1. */
  confidence: number;
  patternData: unknown;
  embryoId?: string;
}

export interface EventPersistence {
  /** @throws DaybookError not_reachable, invalid_config */
  start(): Promise<void>;
  /** Delivers what is queued, then disconnects. @throws DaybookError undelivered */
  stop(): Promise<void>;
  /** Takes one event, canonical or flat; false when it was not taken. */
  queueEvent(event: { [key: string]: unknown }): boolean;
  /** Takes several; returns how many were taken. */
  queueEventsBatch(events: readonly { [key: string]: unknown }[]): number;
  getStats(): Promise<StatsReply>;
  getEvents(query?: EventQuery): Promise<StoredEvent[]>;
  /** Returns the pattern's id. */
  storePattern(pattern: PatternInput): Promise<number>;
}

/** The surface of the system Daybook follows, over the same client that `connect` makes. */
export function createEventPersistence(config: EventPersistenceConfig = {}): EventPersistence {
  const isEnabled = config.enable_persistence ?? true;
  let client: Client | undefined;
  const running = () => {
    if (client === undefined) throw new DaybookError('closed', 'call start() first');
    return client;
  };

  const queueEvent = (event: { [key: string]: unknown }) =>
    // Checked by the daemon like everything else that is sent.
    isEnabled && running().record(eventFromEitherForm(event) as unknown as EventInput);

  return {
    async start() {
      if (!isEnabled || client !== undefined) return;
      const starting = connect({ ...config.connection, reconnect: false });
      try {
        await starting.ready();
        const { settings } = await starting.status();
        for (const [key, wanted] of Object.entries(config.persistence ?? {})) {
          const actual = settings[key as keyof DaemonSettings];
          if (actual !== wanted) {
            throw new DaybookError(
              'invalid_config',
              `the daemon runs with persistence.${key} = ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}; set it in its config.json`,
            );
          }
        }
      } finally {
        await starting.close();
      }
      client = connect(config.connection);
    },

    async stop() {
      const stopping = client;
      client = undefined;
      await stopping?.close();
    },

    queueEvent,
    queueEventsBatch: (events) => events.filter((event) => queueEvent(event)).length,
    getStats: () => running().stats(),
    getEvents: (query) => Array.fromAsync(running().events(query)),

    async storePattern({ patternData, ...pattern }) {
      const { id } = await running().storePattern({ ...pattern, patternData: JSON.stringify(patternData) });
      return id;
    },
  };
}

import { DaybookError } from '../errors.ts';
import type { WireLimits } from '../limits.ts';
import { protocolVersions } from '../protocol-version.ts';
import { anyFieldsOf, type Fields, invalid, optionalText, text, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

export interface HelloRequest {
  /** Protocol versions the client speaks, both ends inclusive. */
  protocol: { min: number; max: number };
  /** Who is there, for logs and `status`. */
  client: { name: string; pid: number };
}

export interface HelloReply {
  /** The version both sides use from here on. */
  protocol: number;
  daemon: { version: string; pid: number };
  /** Names the database for ever; cursors are only good for the database they came from. */
  databaseId: string;
  capabilities: string[];
  limits: WireLimits;
}

/** The first request of every connection. */
export const hello: MessageKind<HelloRequest, HelloReply> = {
  kind: 'hello',

  parseRequest(body) {
    const fields = anyFieldsOf(body);
    const protocol = anyFieldsOf(fields['protocol'], 'protocol');
    const client = anyFieldsOf(fields['client'], 'client');
    return {
      protocol: { min: wholeNumber(protocol, 'min', 1, 65_535), max: wholeNumber(protocol, 'max', 1, 65_535) },
      client: {
        name: (optionalText(client, 'name') ?? 'unnamed').slice(0, 64),
        pid: wholeNumber(client, 'pid', 0, 2 ** 32),
      },
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const daemon = anyFieldsOf(fields['daemon'], 'daemon');
    const capabilities = fields['capabilities'];
    if (!Array.isArray(capabilities)) throw invalid('capabilities must be a list');
    return {
      protocol: wholeNumber(fields, 'protocol', 1, 65_535),
      daemon: { version: text(daemon, 'version'), pid: wholeNumber(daemon, 'pid', 0, 2 ** 32) },
      databaseId: text(fields, 'databaseId'),
      capabilities: capabilities.map(String),
      limits: parseLimits(anyFieldsOf(fields['limits'], 'limits')),
    };
  },
};

function parseLimits(fields: Fields): WireLimits {
  for (const name of ['frameBytes', 'eventBytes', 'eventsPerFrame']) wholeNumber(fields, name, 1, 2 ** 32);
  return fields as unknown as WireLimits;
}

/**
 * The highest version both sides speak.
 * @throws DaybookError bad_version with the supported range
 */
export function agreeOnVersion(offered: { min: number; max: number }): number {
  const version = Math.min(offered.max, protocolVersions.max);
  if (version < Math.max(offered.min, protocolVersions.min)) {
    throw new DaybookError(
      'bad_version',
      `this daemon speaks protocol ${protocolVersions.min} to ${protocolVersions.max}, ` +
        `the client ${offered.min} to ${offered.max}`,
    );
  }
  return version;
}

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { hashOf, payloadOf } from '../../daemon/storage/event-row.ts';
import type { NameTable } from '../../daemon/storage/name-table.ts';
import { type ErrorCode, isErrorCode } from '../../shared/errors.ts';
import { identityOf } from '../harness/event-identity.ts';
import { mutated, mutations } from './mutation.ts';
import { judgeRecordBody, type PlainEvent } from './reference-record.ts';
import { seedRecordBodies } from './seeds.ts';
import { shownAsHex } from './shown-as-hex.ts';
import { mutatedValue, valueMutations } from './value-mutation.ts';

/** The way of a record body through the writer. */
export interface RecordModules {
  prepareRecordBody: typeof import('../../daemon/prepare/prepare-events.ts')['prepareRecordBody'];
  nameEvents: typeof import('../../daemon/writer/name-events.ts')['nameEvents'];
}

const bodies = fc
  .tuple(
    fc.constantFrom(...seedRecordBodies),
    fc.array(valueMutations, { maxLength: 2 }),
    fc.array(mutations, { maxLength: 2 }),
  )
  .map(([body, valueChanges, changes]) => shownAsHex(mutated(mutatedValue(body, valueChanges), changes)));

const NOW_SECONDS = 1_800_000_000.5;

/**
 * Whatever the bytes: either the request is refused, with a code that the protocol has for what is wrong with it; or each
 * event is a row that reads back as what was sent, or a rejection for something that is wrong with it. No object learns
 * anything new from it.
 */
export function recordBodyProperty(modules: RecordModules): fc.IProperty<[Buffer]> {
  const names = new NumberedNames();
  return fc.property(bodies, (body) => {
    const verdict = judgeRecordBody(body);
    const outcome = outcomeOf(modules, body, names);
    assert.equal('polluted' in {}, false);
    if ('refused' in verdict) {
      assert.ok('code' in outcome, 'a request was accepted that must be refused');
      assert.ok(verdict.refused.has(outcome.code), `${outcome.code}, not ${[...verdict.refused].join(' or ')}`);
      return;
    }
    assert.ok('rows' in outcome, `a sound request was refused: ${JSON.stringify(outcome)}`);
    assert.equal(outcome.durability, verdict.durability);
    assert.equal(outcome.isOriginGiven, verdict.isOriginGiven);
    const { rows, rejected } = outcome;
    const codes = new Map(rejected.map(({ index, code }) => [index, code]));
    assert.equal(codes.size, rejected.length);
    assert.equal(rows.length + rejected.length, verdict.events.length);
    let row = 0;
    for (const [index, expected] of verdict.events.entries()) {
      const code = codes.get(index);
      if ('codes' in expected) {
        assert.ok(code !== undefined, `event ${index} was accepted: ${[...expected.codes].join(' and ')}`);
        assert.ok(expected.codes.has(code), `event ${index}: ${code}, not ${[...expected.codes].join(' or ')}`);
      } else {
        assert.equal(code, undefined, `event ${index} was rejected`);
        assertHolds(rows[row], expected.event, names);
        row += 1;
      }
    }
  });
}

type Prepared = ReturnType<RecordModules['nameEvents']> & { durability: string; isOriginGiven: boolean };

function outcomeOf(modules: RecordModules, body: Buffer, names: NumberedNames): Prepared | { code: ErrorCode } {
  try {
    const { events, durability, ...rest } = modules.prepareRecordBody(Buffer.from(body), NOW_SECONDS);
    const prepared = modules.nameEvents(events, names as unknown as NameTable);
    return { ...prepared, durability, isOriginGiven: 'origin' in rest };
  } catch (error) {
    const code = error instanceof Error && error.name === 'DaybookError' && 'code' in error ? error.code : undefined;
    if (!isErrorCode(code)) throw error;
    return { code };
  }
}

function assertHolds(row: Prepared['rows'][number] | undefined, event: PlainEvent, names: NumberedNames): void {
  assert.ok(row !== undefined);
  const payload = payloadOf(row);
  const text = typeof payload === 'string' ? payload : gunzipSync(payload).toString('utf8');
  const kept = {
    type: names.textOf(row.typeId),
    source: names.textOf(row.sourceId),
    action: row.actionId === null ? null : names.textOf(row.actionId),
    timestamp: row.timestamp,
    data: JSON.parse(text) as unknown,
  };
  const sent = { ...event, timestamp: event.timestamp ?? NOW_SECONDS };
  assert.ok(isDeepStrictEqual(kept, sent), `kept ${JSON.stringify(kept)}, sent ${JSON.stringify(sent)}`);
  assert.equal(hashOf(row).toString('hex'), identityOf(sent));
}

/** Stands in for the dictionary of the database. */
class NumberedNames {
  readonly #texts: string[] = [''];
  readonly #ids = new Map<string, number>();

  idOf(_kind: string, text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#ids.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  textOf(id: number): string | undefined {
    return this.#texts[id];
  }
}

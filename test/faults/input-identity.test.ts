import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { type IdentifiedEvent, identityOf } from '../harness/event-identity.ts';
import { Raw } from '../harness/msgpack.ts';
import { checkProperty } from '../harness/property.ts';
import { RawRecorder } from '../harness/raw-recorder.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { encodeInSomeForm } from '../shared/msgpack-forms.ts';

const event = (timestamp: number, n = 1) => ({ type: 'a', source: 'b', action: 'c', timestamp, data: { n } });

/** Stored and duplicate, as the receipt says. */
async function counts(recorder: RawRecorder, events: readonly unknown[]): Promise<[number, number]> {
  const { body } = await recorder.ask('record', { events });
  assert.deepEqual(body.rejected, []);
  return [body.stored, body.duplicate];
}

describe('the same event again', () => {
  test('row 36: is one row and counted as a duplicate: in a batch, in the next, from others, after a restart, after kill -9', async () => {
    using home = temporaryHome();
    for (const signal of ['SIGTERM', 'SIGKILL', undefined] as const) {
      await using daemon = await DaemonProcess.start({ home: home.path });
      const one = await RawRecorder.open(daemon.paths.socket);
      const other = await RawRecorder.open(daemon.paths.socket);
      const isFirst = signal === 'SIGTERM';
      assert.deepEqual(await counts(one, [event(1), event(1), event(1)]), isFirst ? [1, 2] : [0, 3]);
      assert.deepEqual(await counts(one, [event(1)]), [0, 1]);
      assert.deepEqual(await counts(other, [event(1), event(2), event(1)]), isFirst ? [1, 2] : [0, 3]);
      // At the same time, so that one commit has both.
      const both = await Promise.all([one, other].map((recorder) => counts(recorder, [event(3), event(4)])));
      const stored = both.map(([count]) => count).reduce((sum, count) => sum + count);
      assert.equal(stored, isFirst ? 2 : 0);
      assert.deepEqual(
        both.map(([is, was]) => is + was),
        [2, 2],
      );

      // The same but for the smallest difference in time is another.
      assert.deepEqual(await counts(one, [event(5), event(5 + 2 ** -50)]), isFirst ? [2, 0] : [0, 2]);
      assert.equal((await one.ask('query', {})).body.events.length, 6);
      one.raw.destroy();
      other.raw.destroy();
      if (signal !== undefined) await daemon.kill(signal);
    }
  });
});

describe('what makes two events the same', () => {
  let daemon: DaemonProcess;
  let recorder: RawRecorder;
  let next = 1;
  before(async () => {
    daemon = await DaemonProcess.start();
    recorder = await RawRecorder.open(daemon.paths.socket);
  });
  after(async () => {
    recorder.raw.destroy();
    await daemon.stop();
  });

  /** Some form of an event on the wire, with its keys in another order. */
  const someForm = (sent: IdentifiedEvent, choices: readonly number[]) =>
    new Raw(encodeInSomeForm(reordered(sent, choices), choices).bytes);
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.constantFrom('', '\0', '\u{e9}', 'e\u{301}', '__proto__', '1'),
  );
  const number = fc.oneof(
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1, 0.1, 1e21, 1e-7, 5e-324, 2 ** 53 - 1),
  );
  const data = fc.dictionary(
    text,
    fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false),
        number,
        text,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 3 }),
      ),
    })).value,
    { maxKeys: 4, noNullPrototype: true },
  );

  test('row 37: neither the order of keys nor the form of a number counts, and the hash is the documented one', async (t) => {
    const property = fc.asyncProperty(
      data,
      fc.option(text),
      fc.array(fc.nat(1_000), { minLength: 5, maxLength: 20 }),
      fc.array(fc.nat(1_000), { minLength: 5, maxLength: 20 }),
      async (payload, action, choices, otherChoices) => {
        const sent = {
          type: 't',
          source: 's',
          timestamp: (next += 1),
          data: payload,
          ...(action !== null && { action }),
        };
        const copies = [choices, otherChoices, [0], [1]].map((form) => someForm(sent, form));
        assert.deepEqual(await counts(recorder, copies), [1, copies.length - 1]);
        assert.equal(hashAt(daemon.paths.database, sent.timestamp), identityOf(sent));
      },
    );
    await checkProperty(t, property, 150);
  });

  test('row 37: 1 is 1.0 and 0 is -0; nothing else is the same that only looks so', async () => {
    const same: [string, unknown, unknown][] = [
      ['1 and 1.0', new Raw('01'), new Raw('cb3ff0000000000000')],
      ['1 and 1 in 64 bits', new Raw('01'), new Raw('cf0000000000000001')],
      ['0.5 in 32 and in 64 bits', new Raw('ca3f000000'), 0.5],
      ['0 and -0', 0, new Raw('cb8000000000000000')],
      ['a map and its keys in another order', { a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 }],
    ];
    const different: [string, unknown, unknown][] = [
      ['composed and decomposed', '\u{e9}', 'e\u{301}'],
      ['ligature and letters', '\u{fb01}', 'fi'],
      ['upper and lower case', 'A', 'a'],
      ['1 and "1"', 1, '1'],
      ['null and nothing', { x: null }, {}],
      ['a list in another order', [1, 2], [2, 1]],
      ['two neighbours among numbers', 0.1, 0.100_000_000_000_000_02],
      ['an empty list and an empty map', [], {}],
      ['false and 0', false, 0],
      ['a key composed and decomposed', { '\u{e9}': 1 }, { 'e\u{301}': 1 }],
    ];
    for (const [what, one, other] of [...same, ...different]) {
      const timestamp = (next += 1);
      const events = [one, other].map((value) => ({ type: 't', source: 's', timestamp, data: { value } }));
      const expected = same.some(([name]) => name === what) ? [1, 1] : [2, 0];
      assert.deepEqual(await counts(recorder, events), expected, what);
    }
    const timestamp = (next += 1);
    const none = { type: 't', source: 's', timestamp };
    assert.deepEqual(await counts(recorder, [none, { ...none, data: {} }, { ...none, action: null }]), [1, 2]);
    assert.deepEqual(await counts(recorder, [{ ...none, action: '' }]), [1, 0], 'an empty action is not none');
  });
});

function hashAt(databasePath: string, timestamp: number): unknown {
  const db = new Sqlite(databasePath, { readonly: true });
  const hash = db.prepare('SELECT hash FROM events WHERE timestamp = ?').pluck().get(timestamp);
  db.close();
  return hash;
}

/** The same value, with the entries of each map turned by some of the choices. */
function reordered(value: unknown, choices: readonly number[]): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, choices));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const by = (choices[entries.length % choices.length] ?? 0) % (entries.length || 1);
  return Object.fromEntries(
    [...entries.slice(by), ...entries.slice(0, by)].map(([key, inner]) => [key, reordered(inner, choices)]),
  );
}

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { LongestTurn } from '../harness/longest-turn.ts';
import { Entries, nested, pack, Raw, rawText } from '../harness/msgpack.ts';
import { RawRecorder } from '../harness/raw-recorder.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { tagged } from '../shared/msgpack-forms.ts';

/** The main thread may not be busy for longer without a break. */
const mostMs = 50;

const home = temporaryHome();
const turn = new LongestTurn(`${home.path}/turn`);
let daemon: DaemonProcess;
let recorder: RawRecorder;
before(async () => {
  daemon = await DaemonProcess.start({ nodeArguments: turn.nodeArguments });
  recorder = await RawRecorder.open(daemon.paths.socket);
  assert.deepEqual(await recorder.codesOf([event({ n: 1 })]), [undefined]);
  await recorder.ask('query', {});
  await turn.start(daemon.process);
});
after(async () => {
  recorder.raw.destroy();
  await daemon.stop();
  home.remove();
});

let timestamp = 0;
const event = (data: unknown) => ({ type: 't', source: 's', timestamp: (timestamp += 1), data });
const keys = (count: number) => new Entries(Array.from({ length: count }, (_, n) => [n.toString(36), 0] as const));

describe('an event', () => {
  const bombs: [what: string, data: unknown, code: RegExp | undefined][] = [
    ['10,000 levels', { deep: nested(10_000) }, /^too_deep$/],
    ['a million levels', { deep: nested(1_000_000) }, /^too_(deep|many_values)$/],
    [
      'a million levels of maps',
      {
        deep: new Raw(
          Buffer.concat([Buffer.alloc(0), Buffer.from('81a0'.repeat(500_000), 'hex'), Buffer.from([0x80])]),
        ),
      },
      /^too_(deep|many_values)$/,
    ],
    ['one level too many', { deep: nested(limits.nestingDepth - 1) }, /^too_deep$/],
    ['as many levels as there may be', { deep: nested(limits.nestingDepth - 2) }, undefined],
    ['a million keys', keys(1_000_000), /^too_(large|many_values)$/],
    ['100,000 keys', keys(100_000), /^too_many_values$/],
    [
      'a million items',
      { list: new Raw(Buffer.concat([tagged(0xdd, 4, 1_000_000), Buffer.alloc(1_000_000, 0xc0)])) },
      /^too_(large|many_values)$/,
    ],
    ['an extension of no bytes', { x: new Raw('c70001') }, /^invalid_data$/],
    ['an extension of 1 byte', { x: new Raw('d40101') }, /^invalid_data$/],
    ['an extension of 16 bytes', { x: new Raw(`d801${'00'.repeat(16)}`) }, /^invalid_data$/],
    [
      'a key twice',
      new Entries([
        ['a', 1],
        ['a', 2],
      ]),
      /^invalid_data$/,
    ],
    ['a key that is a number', new Entries([[1, 1]]), /^invalid_data$/],
    ['a key that is a list', new Entries([[[1], 1]]), /^invalid_data$/],
    ['text that is no UTF-8', { text: rawText(Buffer.from([0xff])) }, /^invalid_utf8$/],
  ];
  for (const [what, data, code] of bombs) {
    test(`row 32: with ${what}: ${code === undefined ? 'is stored' : 'is refused alone'}`, async () => {
      const [first, bomb, last] = await recorder.codesOf([event({}), event(data), event({})]);
      assert.deepEqual([first, last], [undefined, undefined]);
      if (code === undefined) assert.equal(bomb, undefined);
      else assert.match(bomb ?? 'stored', code);
    });
  }
});

describe('a request', () => {
  const lies: [what: string, events: Raw][] = [
    ['a list that has more items than bytes', new Raw('ddffffffff')],
    ['a list of 10,000 that ends after one', new Raw(Buffer.concat([tagged(0xdd, 4, 10_000), pack(event({}))]))],
    ['a map that has more entries than bytes', new Raw('91dfffffffff')],
    ['a map of 65,535 that ends after one', new Raw('91deffffa161c0')],
    ['text longer than the frame', new Raw('9181a174dbffffffff61')],
    ['binary longer than the frame', new Raw('9181a174c6ffffffff61')],
    ['an extension longer than the frame', new Raw('9181a174c9ffffffff0161')],
    ['the byte that is never used', new Raw('91c1')],
    ['the byte that is never used, as a key', new Raw('9181c1c0')],
    ['the byte that is never used, deep inside', new Raw(Buffer.concat([Buffer.alloc(50, 0x91), Buffer.from([0xc1])]))],
  ];
  for (const [what, events] of lies) {
    test(`row 32: with ${what}: is refused whole, and the connection goes on`, async () => {
      const { kind, body } = await recorder.ask('record', { events });
      assert.equal(kind, 'error');
      assert.match(body.code, /^(malformed|too_large)$/);
      assert.deepEqual(await recorder.codesOf([event({})]), [undefined]);
    });
  }

  test('row 32: with what takes most memory once decoded, within every limit: is stored', async () => {
    // A byte each, and an object each.
    const maps = limits.valuesPerEvent - 100;
    const list = new Raw(Buffer.concat([tagged(0xdd, 4, maps), Buffer.alloc(maps, 0x80)]));
    const events = Array.from({ length: Math.floor(limits.frameBytes / (maps + 100)) }, () => event({ list }));
    const { kind, body } = await recorder.ask('record', { events });
    assert.deepEqual([kind, body.stored], ['reply', events.length]);
  });

  test('row 32: that is no record, nested as deep as it may be long: is refused', async () => {
    for (const kind of ['query', 'tail', 'stats', 'status', 'flush', 'store-pattern', 'nothing']) {
      for (const levels of [10_000, limits.controlBodyBytes - 16]) {
        const { kind: answer, body } = await recorder.ask(kind, { filter: nested(levels) });
        assert.equal(answer, 'error');
        assert.match(body.code, /^(invalid_request|unknown_kind)$/, `${kind}: ${body.code}`);
      }
    }
    const { body } = await recorder.ask('query', { filter: nested(1_000_000) });
    assert.equal(body.code, 'too_large');
  });
});

test('row 32: nothing of all this keeps the event loop', async (t) => {
  recorder.raw.destroy();
  assert.equal((await daemon.kill('SIGTERM')).exitCode, 0);
  t.diagnostic(`the longest turn took ${turn.ms.toFixed(1)} ms of processor time`);
  assert.ok(turn.ms > 0 && turn.ms < mostMs, `${turn.ms} ms`);
});

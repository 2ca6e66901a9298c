import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Key, keysIn } from '../../../../client/cli/dashboard/keys.ts';

test('keys in what a terminal sends', () => {
  const inputs: [input: string, keys: Key[]][] = [
    ['q', [{ text: 'q' }]],
    ['ab漢🎵', [{ text: 'a' }, { text: 'b' }, { text: '漢' }, { text: '🎵' }]],
    ['\u001b', [{ name: 'escape' }]],
    ['\u001b[A\u001b[1;5C\u001bOPx', [{ text: 'x' }]],
    ['\u0003\u0004\u001a\u000c', [{ name: 'interrupt' }, { name: 'end' }, { name: 'suspend' }, { name: 'redraw' }]],
    [
      'a\u007f\u0008\u0015\r',
      [{ text: 'a' }, { name: 'backspace' }, { name: 'backspace' }, { name: 'clear-line' }, { name: 'enter' }],
    ],
    ['\u0001\t', []],
  ];
  for (const [input, keys] of inputs) assert.deepEqual(keysIn(input), keys, JSON.stringify(input));
});

import * as fc from 'fast-check';
import { NotMsgpack, readToken } from './reference-msgpack.ts';

/** A change to a msgpack value that leaves it one: its counts still tell the truth. Numbers are taken modulo. */
export interface ValueMutation {
  kind: (typeof kinds)[number];
  /** Which map or array, in the order of the bytes. */
  container: number;
  item: number;
  to: number;
}

const kinds = ['double', 'drop', 'exchange', 'put', 'wrap'] as const;

export const valueMutations: fc.Arbitrary<ValueMutation> = fc.record({
  kind: fc.constantFrom(...kinds, 'put', 'put', 'put'),
  // The outermost one often: it has the fields of a request.
  container: fc.oneof(fc.constant(0), fc.nat(255), fc.nat(255)),
  item: fc.nat(255),
  to: fc.nat(255),
});

/** Values that nobody wants, or that stand at a border, in hexadecimal. */
const STRANGE_VALUES = [
  'c0 c3 00 ff 80 90 a0 8100c0 82a16101a16102 a5776f726c64 a6e4b896e7958c a100',
  // NaN, infinities, -0, the largest; timestamps around the year 10000.
  'cb7ff8000000000000 cb7ff0000000000000 ca7fc00000 caff800000 ca3dcccccd cb8000000000000000 cb7fefffffffffffff',
  'cb424d7ffa20bfffff cb424d7ffa20c00000',
  // Integers around 2^53, and the extremes.
  'cf001fffffffffffff cf0020000000000000 cfffffffffffffffff d3ffe0000000000001 d3ffe0000000000000',
  // Text that is no UTF-8, and some that is.
  'a1ff a2c080 a3eda080 a4f4908080 a2c3a9 a3efbfbd a4f09f9982 a165',
  // Binary and extensions.
  'c40100 c5000100 c70100ff c8000100ff d40000 d5000000 d600ffffffff d7010101010101010101',
  // Names that objects have.
  'a95f5f70726f746f5f5f 81a95f5f70726f746f5f5f81a8706f6c6c75746564c3 ab636f6e7374727563746f72',
  // 256 and 257 bytes, as ASCII and with characters of two bytes.
  `da0100${'61'.repeat(256)} da0101${'61'.repeat(257)} da0100${'c3a9'.repeat(128)} da0101${'c3a9'.repeat(128)}61`,
  // No value at all.
  'c1',
]
  .flatMap((values) => values.split(' '))
  .concat([13, 14, 15, 16, 60, 61, 62, 63, 64].map((levels) => `${'91'.repeat(levels - 1)}90`))
  .map((hex) => Buffer.from(hex, 'hex'));

interface Leaf {
  bytes: Buffer;
}
interface Container {
  kind: 'array' | 'map';
  items: Tree[];
}
type Tree = Leaf | Container;

/** Bytes that are no single value stay as they are. */
export function mutatedValue(bytes: Buffer, list: readonly ValueMutation[]): Buffer {
  if (list.length === 0) return bytes;
  try {
    const { tree, end } = treeAt(bytes, 0);
    if (end !== bytes.length) return bytes;
    for (const mutation of list) mutate(tree, mutation);
    return bytesOf(tree);
  } catch (error) {
    if (error instanceof NotMsgpack) return bytes;
    throw error;
  }
}

function treeAt(bytes: Buffer, at: number): { tree: Tree; end: number } {
  const { kind, items: count, end: afterHead } = readToken(bytes, at);
  if (kind === 'scalar' || kind === 'text') return { tree: { bytes: bytes.subarray(at, afterHead) }, end: afterHead };
  const items: Tree[] = [];
  let end = afterHead;
  for (let index = 0; index < count; index += 1) {
    const inner = treeAt(bytes, end);
    items.push(inner.tree);
    end = inner.end;
  }
  return { tree: { kind, items }, end };
}

function mutate(tree: Tree, { kind, container, item, to }: ValueMutation): void {
  const containers = containersIn(tree);
  const chosen = containers[container % containers.length];
  if (chosen === undefined || chosen.items.length === 0) return;
  const { items } = chosen;
  const width = chosen.kind === 'map' ? 2 : 1;
  const entry = (item % (items.length / width)) * width;
  switch (kind) {
    case 'double':
      items.splice((to % (items.length / width)) * width, 0, ...items.slice(entry, entry + width));
      break;
    case 'drop':
      items.splice(entry, width);
      break;
    case 'exchange': {
      const other = to % items.length;
      [items[entry], items[other]] = [items[other] as Tree, items[entry] as Tree];
      break;
    }
    case 'put':
      items[item % items.length] = { bytes: STRANGE_VALUES[to % STRANGE_VALUES.length] as Buffer };
      break;
    case 'wrap':
      for (let level = 0; level <= to % 8; level += 1) {
        items[item % items.length] = { kind: 'array', items: [items[item % items.length] as Tree] };
      }
      break;
    default:
      kind satisfies never;
  }
}

function containersIn(tree: Tree): Container[] {
  return 'bytes' in tree ? [] : [tree, ...tree.items.flatMap(containersIn)];
}

function bytesOf(tree: Tree): Buffer {
  if ('bytes' in tree) return tree.bytes;
  const { kind, items } = tree;
  const count = kind === 'map' ? items.length / 2 : items.length;
  const head =
    count < 16 ? Buffer.from([(kind === 'map' ? 0x80 : 0x90) + count]) : Buffer.alloc(3, kind === 'map' ? 0xde : 0xdc);
  if (count >= 16) head.writeUInt16BE(count, 1);
  return Buffer.concat([head, ...items.map(bytesOf)]);
}

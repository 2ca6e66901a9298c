import { appendFileSync, linkSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from './random.ts';
import { listTree } from './trees.ts';

// Run by storm.test.ts in a process of its own, so that it races with the capture: changes a tree at random, as fast as
// it can, and prints every path that ever existed in it. The seed decides what happens, not how it interleaves.
const [, , root = '', outside = '', seed = '', steps = ''] = process.argv;
const random = new Random(Number(seed));
const names = ['a', 'b', 'c', 'd', 'e.TXT', 'f', 'ignored', 'ünï', '-x', 'two\nlines'];
const everExisted = new Set<string>();

function pickName(): string {
  return random.pick(names) ?? 'a';
}

/** A directory at a random depth. */
function pickDirectory(top: string): string {
  let directory = top;
  for (let depth = 0; depth < 5 && random.next() < 0.75; depth += 1) {
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const next = random.pick(below);
    if (next === undefined) break;
    directory = join(directory, next.name);
  }
  return directory;
}

function pickEntry(): string | undefined {
  const directory = pickDirectory(root);
  const name = random.pick(readdirSync(directory));
  return name === undefined ? undefined : join(directory, name);
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function noteTree(path: string): void {
  everExisted.add(path);
  if (isDirectory(path)) for (const below of listTree(path).keys()) everExisted.add(below);
}

function move(from: string, to: string): void {
  if (from === to || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return;
  if (exists(to) && isDirectory(from) !== isDirectory(to)) rmSync(to, { recursive: true });
  if (isDirectory(to)) rmSync(to, { recursive: true });
  renameSync(from, to);
  noteTree(to);
}

function writeFile(path: string): void {
  if (isDirectory(path)) return;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(path);
  writeFileSync(path, 'x'.repeat(random.below(3)));
  everExisted.add(path);
}

function makeDeep(directory: string): void {
  let path = directory;
  for (let depth = random.below(4); depth >= 0; depth -= 1) {
    path = join(path, pickName());
    if (exists(path) && !isDirectory(path)) return;
    mkdirSync(path, { recursive: true });
    everExisted.add(path);
    writeFile(join(path, pickName()));
  }
}

const operations: (() => void)[] = [
  () => writeFile(join(pickDirectory(root), pickName())),
  () => writeFile(join(pickDirectory(root), pickName())),
  () => makeDeep(pickDirectory(root)),
  () => {
    const path = pickEntry();
    if (path !== undefined && lstatSync(path).isFile()) appendFileSync(path, 'y');
  },
  () => {
    const path = pickEntry();
    if (path !== undefined && (random.next() < 0.3 || !isDirectory(path))) rmSync(path, { recursive: true });
  },
  () => {
    const from = pickEntry();
    if (from !== undefined) move(from, join(pickDirectory(root), pickName()));
  },
  () => {
    // Written beside, then put in place.
    const path = join(pickDirectory(root), pickName());
    if (isDirectory(path)) return;
    writeFile(`${path}.tmp`);
    move(`${path}.tmp`, path);
  },
  () => {
    // Away and back, perhaps before anybody looked.
    const path = pickEntry();
    if (path === undefined || exists(join(root, 'away'))) return;
    renameSync(path, join(root, 'away'));
    noteTree(join(root, 'away'));
    renameSync(join(root, 'away'), path);
  },
  () => {
    const path = join(pickDirectory(root), pickName());
    if (exists(path)) return;
    symlinkSync(random.next() < 0.5 ? root : 'nowhere', path);
    everExisted.add(path);
  },
  () => {
    const from = pickEntry();
    const to = join(pickDirectory(root), pickName());
    if (from === undefined || !lstatSync(from).isFile() || exists(to)) return;
    linkSync(from, to);
    everExisted.add(to);
  },
  () => {
    const from = pickEntry();
    if (from !== undefined) move(from, join(outside, pickName()));
  },
  () => {
    const name = random.pick(readdirSync(outside));
    if (name !== undefined) move(join(outside, name), join(pickDirectory(root), pickName()));
  },
];

const pause = new Int32Array(new SharedArrayBuffer(4));
for (let step = 0; step < Number(steps); step += 1) {
  random.pick(operations)?.();
  // Lulls are part of the weather: they let the capture look in between.
  if (random.next() < 0.01) Atomics.wait(pause, 0, 0, random.below(80));
}
process.stdout.write(JSON.stringify([...everExisted].filter((path) => path.startsWith(`${root}/`))));

/**
 * Makes `dist`: the program in few files, because each file costs a start a third of a millisecond. What the library and
 * the command line share is in `dist/chunks`; what a thread or a process begins with is one file. Packages stay outside.
 * `node build.ts DIRECTORY` makes it there.
 */
import { build, type BuildOptions } from 'esbuild';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, relative } from 'node:path';

const directory = relative('.', process.argv[2] ?? 'dist');
const PLACE = 'shared/program-file.ts';
const MIGRATIONS = 'daemon/storage/migrations';

const sources = ['client', 'daemon', 'launchd', 'shared'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(`${folder}/${file}`, 'utf8') })),
);
for (const { file, text } of sources) {
  if (file !== PLACE && text.replaceAll('createRequire(import.meta.url)', '').includes('import.meta.url')) {
    throw new Error(`${file} goes by its place, which this changes: use ${PLACE}`);
  }
}
/** What the sources name in `programFile('…')`. */
const named = sources.flatMap(({ text }) =>
  [...text.matchAll(/\bprogramFile\('([^']+)'\)/g)].map(([, path]) => `${path}.ts`),
);
const library = ['client/index.ts', 'client/cli/main.ts', 'client/cli/launch-daemon.ts', 'daemon/embedded.ts'];
const entries = [...new Set([...library, ...named])];
/** They share classes and state with the library. */
const isShared = (file: string) => library.includes(file) || file.startsWith('client/');

const common = {
  outbase: '.',
  outdir: directory,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions;

const depth = (file: string) => file.split('/').length;

rmSync(directory, { recursive: true, force: true });
const { metafile: shared } = await build({
  ...common,
  entryPoints: entries.filter(isShared),
});
for (const [output, { inputs }] of Object.entries(shared.outputs)) {
  if (PLACE in inputs && dirname(output) !== `${directory}/chunks`)
    throw new Error(`${PLACE} must not be in ${output}`);
}
for (const entry of entries.filter((file) => !isShared(file))) {
  // The place of the file that asks is another one now.
  const place = relative(dirname(entry), PLACE).replace(/\.ts$/, '.js');
  const { metafile } = await build({
    ...common,
    entryPoints: [entry],
    define: { 'import.meta.url': 'programPlace' },
    banner: { js: `const programPlace = new URL('${place}', import.meta.url).href;` },
  });
  const places = Object.entries(metafile.outputs).filter(([, { inputs }]) => PLACE in inputs);
  for (const [output] of places) {
    if (depth(output) !== depth(entry) + depth(directory)) throw new Error(`${PLACE} must not be in ${output}`);
  }
}
cpSync(MIGRATIONS, `${directory}/${MIGRATIONS}`, { recursive: true });

/** Sources with a fault put in as they are loaded: what fuzzing must notice. Nothing is written to disk. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type LoadHookSync, registerHooks, type ResolveHookSync } from 'node:module';

export interface Mutant {
  /** In words. */
  fault: string;
  /** The file it is in, from the root of the project. */
  file: string;
  /** Text that stands there exactly once. */
  from: string;
  to: string;
}

const root = new URL('../../', import.meta.url);

/** By number: a module that is loaded with `?mutant=<number>` belongs to that mutant. */
const mutants: Mutant[] = [];

/** Loads a module of the project, and all of the project that it imports, afresh and with the fault in it. */
export function importWith(mutant: Mutant, module: string): Promise<unknown> {
  const number = mutants.push(mutant) - 1;
  if (number === 0) registerHooks({ resolve, load });
  return import(new URL(`${module}?mutant=${number}`, root).href);
}

/** Arguments for a node that shall have the fault in all of its threads. */
export function nodeArgumentsWith(mutant: Mutant): string[] {
  const url = JSON.stringify(new URL(mutant.file, root).href);
  const source = JSON.stringify(faultySource(mutant));
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({
      load: (url, context, next) => (url === ${url} ? { ...next(url, context), source: ${source} } : next(url, context)),
    });`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}

/** Whatever a mutant imports of the project belongs to the mutant. */
const resolve: ResolveHookSync = (specifier, context, next) => {
  const resolved = next(specifier, context);
  const number = new URL(context.parentURL ?? root).searchParams.get('mutant');
  const isOurs = resolved.url.startsWith(root.href) && !resolved.url.includes('/node_modules/');
  return number === null || !isOurs ? resolved : { ...resolved, url: `${resolved.url}?mutant=${number}` };
};

const load: LoadHookSync = (url, context, next) => {
  const { searchParams, href } = new URL(url);
  const mutant = mutants[Number(searchParams.get('mutant') ?? -1)];
  const isMutated = mutant !== undefined && href.startsWith(new URL(`${mutant.file}?`, root).href);
  return isMutated ? { ...next(url, context), source: faultySource(mutant) } : next(url, context);
};

/** @throws AssertionError when the fault cannot be put in: it would be found by nobody */
function faultySource({ file, from, to }: Mutant): string {
  const source = readFileSync(new URL(file, root), 'utf8');
  assert.equal(source.split(from).length, 2, `${file} must hold this once: ${from}`);
  return source.replace(from, () => to);
}

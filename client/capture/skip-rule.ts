import { basename, dirname } from 'node:path';

/** Which entries are not captured, and nothing below them either. */
export class SkipRule {
  readonly #names: ReadonlySet<string>;
  /** Excluded names by the directory they lie in, so that the common question needs no path to be built. */
  readonly #namesByDirectory = new Map<string, Set<string>>();

  /**
   * @param names path components to skip wherever they occur.
   * @param paths absolute, normalized paths to skip.
   */
  constructor(names: readonly string[], paths: readonly string[]) {
    this.#names = new Set(names);
    for (const path of paths) {
      const directory = dirname(path);
      const excluded = this.#namesByDirectory.get(directory) ?? new Set();
      this.#namesByDirectory.set(directory, excluded.add(basename(path)));
    }
  }

  skips(directoryPath: string, name: string): boolean {
    return this.#names.has(name) || this.excludes(directoryPath, name);
  }

  /** Whether this very path was excluded; a root the caller named is not skipped for its name alone. */
  excludes(directoryPath: string, name: string): boolean {
    return this.#namesByDirectory.get(directoryPath)?.has(name) ?? false;
  }
}

import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Yields whenever something may have been written to the file or its directory, and once at the beginning. The directory
 * shows rotations, and on Linux writes; macOS tells of writes only to who watches the file itself.
 */
export async function* changesOf(path: string, signal: AbortSignal): AsyncGenerator<undefined> {
  let wake = Promise.withResolvers<void>();
  let fileWatcher: FSWatcher | undefined;
  const onChange = () => wake.resolve();
  const watchFile = () => {
    fileWatcher?.close();
    fileWatcher = undefined;
    try {
      fileWatcher = watch(path, onChange).on('error', onChange);
    } catch {
      // It is being rotated; the directory says when there is another.
    }
  };
  const directoryWatcher = watch(dirname(path), (event, name) => {
    if (event === 'rename' && name === basename(path)) watchFile();
    onChange();
  }).on('error', onChange);
  signal.addEventListener('abort', onChange);
  watchFile();
  try {
    while (!signal.aborted) {
      yield;
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    signal.removeEventListener('abort', onChange);
    directoryWatcher.close();
    fileWatcher?.close();
  }
}

import { basename, dirname, extname } from 'node:path';
import type { EventInput } from '../../shared/event.ts';
import type { EntryKind } from './known-file.ts';

export type FileAction = 'create' | 'modify' | 'delete';

export interface SeenFile {
  /** Absolute. */
  path: string;
  kind: EntryKind;
  /** Given for files that exist. */
  sizeBytes?: number;
}

export type RecordFile = (action: FileAction, seen: SeenFile) => void;

/** The event that says what happened at a path. It has no timestamp: the client stamps it. */
export function fileEvent(action: FileAction, { path, kind, sizeBytes }: SeenFile): EventInput {
  const name = basename(path);
  const extension = extname(name).toLowerCase();
  const data: { [key: string]: unknown } = {
    path,
    name,
    ext: extension === '.' ? '' : extension,
    dir: dirname(path),
    kind,
  };
  if (kind === 'file' && action !== 'delete') data['size'] = sizeBytes;
  return { type: 'file_op', source: 'fs', action, data };
}

import { constants, type DatabaseSync } from 'node:sqlite';

const { SQLITE_DENY, SQLITE_FUNCTION, SQLITE_OK, SQLITE_PRAGMA, SQLITE_READ, SQLITE_RECURSIVE, SQLITE_SELECT } =
  constants;

/** Pragmas that only tell, also as `pragma_NAME` in a select. `data_version` is what full-text tables ask themselves. */
const TELLING = new Set([
  'application_id',
  'collation_list',
  'compile_options',
  'data_version',
  'encoding',
  'freelist_count',
  'function_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'page_count',
  'page_size',
  'quick_check',
  'schema_version',
  'table_info',
  'table_list',
  'table_xinfo',
  'user_version',
]);
/** Those of them that would set something when they are given a value. */
const SETTING = new Set(['application_id', 'encoding', 'page_size', 'schema_version', 'user_version']);

/**
 * Refuses every statement that is more than a question, before it runs: a read-only connection alone would still attach
 * other files and copy itself with VACUUM INTO.
 */
export function allowReadingOnly(db: DatabaseSync): void {
  db.setAuthorizer((action, first, second) => {
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_READ:
      case SQLITE_RECURSIVE:
        return SQLITE_OK;
      case SQLITE_FUNCTION:
        return second === 'load_extension' ? SQLITE_DENY : SQLITE_OK;
      case SQLITE_PRAGMA:
        return isTelling((first ?? '').toLowerCase(), second) ? SQLITE_OK : SQLITE_DENY;
      default:
        return SQLITE_DENY;
    }
  });
}

function isTelling(pragma: string, value: string | null): boolean {
  return TELLING.has(pragma) && (value === null || !SETTING.has(pragma));
}

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { backupName, backupsIn } from '../../../daemon/backup/backup-names.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const id = '7f3c2a10-52d1-4b64-9f0e-3a1f6f0c9b21';
const at = (iso: string) => backupName(id, new Date(iso));

describe('backupsIn', () => {
  test('is by age, and what a clock that was wrong has named goes first', (t) => {
    const home = temporaryHome();
    t.after(() => home.remove());
    const names = ['2026-01-02', '2031-05-05', '2026-01-01', '2030-01-01'].map(at);
    for (const name of [...names, 'events-00000000-20260101T000000000Z.db', `${names[0]}.1.partial`])
      writeFileSync(join(home.path, name), '');
    const found = backupsIn(home.path, id, new Date('2026-01-02')).map((path) => basename(path));
    assert.deepEqual(found, ['2030-01-01', '2031-05-05', '2026-01-01', '2026-01-02'].map(at));
  });
});

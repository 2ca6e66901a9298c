import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { programFile } from '../../shared/program-file.ts';
import { daemonProfiles } from './daemon-profiles.ts';

const written = (name: string, ...urls: string[]) => ({
  path: `/tmp/profiles/${name}.cpuprofile`,
  profile: {
    nodes: urls.map((url, id) => ({ id, callFrame: { functionName: 'run', url, lineNumber: 9 } })),
    samples: [],
    timeDeltas: [],
  },
});

const [MAIN, WRITER] = ['CPU.20260101.120000.41.0.001', 'CPU.20260101.120000.41.1.002'];
const others = [
  written(
    'CPU.20260101.120000.40.0.001',
    'file:///p/dist/client/cli/main.js',
    'file:///p/dist/chunks/daemon-6EJINSQX.js',
  ),
  written('CPU.20260101.120001.42.0.001', 'file:///p/dist/daemon/search/indexer-process.js'),
  written('CPU.20260101.120001.41.2.003', 'file:///p/dist/daemon/query/reader-thread.js'),
];

describe('the profiles of the daemon among all that were written', () => {
  const programs: [string, string, string][] = [
    ['in few files', 'file:///p/dist/chunks/main-LXKL7ZYJ.js', 'file:///p/dist/daemon/writer/writer-thread.js'],
    ['run from its sources', 'file:///p/daemon/main.ts', programFile('daemon/writer/writer-thread').href],
    [
      'idle, so that nothing was met but Node itself',
      'node:internal/timers',
      'file:///p/dist/daemon/writer/writer-thread.js',
    ],
  ];
  for (const [what, main, writer] of programs) {
    test(what, () => {
      const mine = [written(WRITER, 'node:zlib', writer), written(MAIN, main)];
      const found = daemonProfiles([...others, ...mine]);
      assert.equal(found.main, mine[1]);
      assert.equal(found.writer, mine[0]);
    });
  }

  test('are missed when they are missing', () => {
    assert.throws(() => daemonProfiles(others), /no profile of the writer thread/);
    assert.throws(
      () => daemonProfiles([...others, written(WRITER, 'file:///p/dist/daemon/writer/writer-thread.js')]),
      /no profile of the main thread/,
    );
  });
});

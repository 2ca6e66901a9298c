import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { daybook } from '../../../harness/command-line.ts';
import { DaemonProcess } from '../../../harness/daemon-process.ts';
import { skipWithout } from '../../../harness/program.ts';
import { temporaryHome } from '../../../harness/temporary-home.ts';
import { waitFor } from '../../../harness/wait-for.ts';
import { PseudoTerminal } from './pseudo-terminal.ts';

const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
const { SIGHUP, SIGINT, SIGTERM, SIGUSR2 } = constants.signals;

async function startDaemon(): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start();
  const data = { text: '\u001b[2J\u0007 漢字' };
  await daemon.connect().recordBatch([
    { type: 'note', source: 'me', timestamp: Date.now() / 1000, data },
    { type: 'mail', source: 'box', timestamp: Date.now() / 1000 - 1, data: {} },
  ]);
  return daemon;
}

describe('daybook dashboard', { skip: skipWithout('python3') }, () => {
  test('on a terminal: follows, takes keys, fits, and gives the terminal back however it ends', async () => {
    await using daemon = await startDaemon();
    await using main = new PseudoTerminal(daemon.home, ['dashboard']);
    await main.shows(/^events +2 /);
    await main.shows(/note +- +me +text=\\u001b\[2J\\u0007 漢字/);
    assert.ok(main.output.includes('\u001b[36m'), 'there are colours');
    assert.equal(main.screen.lines.length, 24);

    await daemon.connect().recordBatch([{ type: 'urgent', source: 'me', data: {} }]);
    await main.shows(/^events +3 /);
    await main.shows(/^\d\d:\d\d:\d\d urgent /);
    main.type('s');
    await main.shows(/s sort: rate/);
    main.type('fbo\r');
    await main.shows(/only bo \(Esc shows all\)$/);
    await waitFor('only the box', () => !main.screen.lines.some((line) => /^[\d:]+ (note|urgent)/.test(line)));
    main.type('?');
    await main.shows(/^Keys/);
    main.type('?p');
    await main.shows(/^Daybook {2}paused/);
    main.type('p');
    await main.shows(/^Daybook {2}live/);
    main.resize(120, 40);
    await waitFor('the larger screen', () => main.screen.lines.length === 40);
    main.resize(40, 10);
    await main.shows(/^The terminal is too small: 40x10/);
    main.resize(80, 24);
    await main.shows(/^events +3 /);
    main.type('q');
    assert.deepEqual(await main.ended, { exit: 0, restored: true });
    assert.ok(main.output.endsWith(LEAVE));

    const throwing = "process.on('SIGUSR2', () => { throw new Error('a fault') })";
    const ends: [name: string, exit: number, end: (terminal: PseudoTerminal) => void][] = [
      ['Ctrl-C', 0, (terminal) => terminal.type('\u0003')],
      ['SIGINT', 0, (terminal) => terminal.signal(SIGINT)],
      ['SIGTERM', 0, (terminal) => terminal.signal(SIGTERM)],
      ['SIGHUP', 0, (terminal) => terminal.signal(SIGHUP)],
      ['an error that nobody catches', 1, (terminal) => terminal.signal(SIGUSR2)],
    ];
    const endedBy = async ([name, exit, end]: (typeof ends)[number]) => {
      await using terminal = new PseudoTerminal(daemon.home, ['dashboard'], {
        nodeArguments: ['--import', `data:text/javascript,${encodeURIComponent(throwing)}`],
        environment: { NO_COLOR: '1' },
      });
      await terminal.shows(/^events +3 /);
      end(terminal);
      assert.deepEqual(await terminal.ended, { exit, restored: true }, name);
      assert.ok(terminal.output.includes(LEAVE), name);
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(terminal.output, /\u001b\[[1-9][0-9]*m/, 'there are no colours');
      if (exit === 1) assert.match(terminal.output.slice(terminal.output.indexOf(LEAVE)), /a fault/);
    };
    await Promise.all(ends.map(endedBy));
  });

  test('waits for a daemon, keeps the numbers of one that is gone, and finds the next', async () => {
    const daemon = await startDaemon();
    await using terminal = new PseudoTerminal(daemon.home, ['dashboard']);
    await terminal.shows(/^events +2 /);
    await daemon.kill('SIGKILL');
    await terminal.shows(/^Daybook {2}no daemon answers, trying again +numbers of [\d:]+$/);
    await terminal.shows(/^Capture \(old\)/);
    await terminal.shows(/^events +2 /);
    await using next = await DaemonProcess.start({ home: daemon.home });
    await terminal.shows(new RegExp(`^Daybook {2}live {2}daemon \\S+, pid ${next.process.pid},`));
    await next.kill('SIGTERM');
    await daemon.stop();

    using home = temporaryHome();
    await using lonely = new PseudoTerminal(home.path, ['dashboard']);
    await lonely.shows(/^Daybook {2}no daemon answers yet, trying/);
    lonely.type('q');
    assert.deepEqual(await lonely.ended, { exit: 0, restored: true });
  });
});

describe('daybook dashboard without a terminal', () => {
  test('prints one screen, or the numbers; of a file too, and leaves nothing beside it', async () => {
    await using daemon = await startDaemon();
    const { database } = daemon.paths;
    const printed = await daybook(daemon.home, ['dashboard']);
    assert.deepEqual([printed.exitCode, printed.stderr], [0, '']);
    assert.match(printed.stdout, /^Daybook {2}live {2}daemon .*\nCapture ─+ +Performance ─+\nevents +2 /);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(printed.stdout, /[\u0000-\u0009\u000b-\u001f]/);

    const numbers = JSON.parse((await daybook(daemon.home, ['dashboard', '--json'])).stdout) as object;
    assert.partialDeepStrictEqual(numbers, { capture: { events: 2 }, daemon: { pid: daemon.process.pid } });
    const beside = await daybook(daemon.home, ['dashboard', '--db', database]);
    assert.match(beside.stdout, /^Daybook {2}\S+, read only +no daemon\n.*\nevents +2 +no daemon: this is a file\n/);

    await daemon.kill('SIGTERM');
    const files = readdirSync(dirname(database)).toSorted();
    const file = await daybook(daemon.home, ['dashboard', '--db', database, '--json']);
    assert.partialDeepStrictEqual(JSON.parse(file.stdout), {
      file: database,
      daemon: null,
      performance: null,
      capture: { events: 2, patterns: 0, stored: null },
      types: [
        { type: 'mail', events: 1 },
        { type: 'note', events: 1 },
      ],
      sources: [
        { source: 'box', state: null },
        { source: 'me', state: null },
      ],
      latest: [{ type: 'note', data: { text: '\u001b[2J\u0007 漢字' } }, { type: 'mail' }],
    });
    assert.deepEqual(readdirSync(dirname(database)).toSorted(), files);

    const gone = await daybook(daemon.home, ['dashboard']);
    assert.equal(gone.exitCode, 3);
    assert.match(gone.stderr, /no daemon answers/);
    const missing = await daybook(daemon.home, ['dashboard', '--db', `${database}.not`]);
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /there is no database at/);
  });
});

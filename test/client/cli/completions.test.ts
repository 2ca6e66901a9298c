import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { daybook, daybookExecutable, RunningCommand } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const isThere = (program: string) => spawnSync(program, ['-c', 'exit 0']).status === 0;

/** What each shell offers behind these words, the last of which is begun. */
const probes: { [shell: string]: (file: string, words: readonly string[]) => string } = {
  bash: (file, words) => `source '${file}'
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _daybook
printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: (file, words) => `compdef() { }; _files() { }
compadd() { [[ $1 == -a ]] && print -l -- \${(P)2} || { shift; print -l -- "$@" } }
_describe() { local item; for item in \${(P)2}; do print -r -- "\${item%%:*}"; done }
source '${file}'
words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _daybook`,
  fish: (file, words) => `source '${file}'
complete -C '${words.join(' ')}' | string replace -r '\\t.*' ''`,
};

describe('daybook completions', () => {
  test('complete commands, options, choices, and the types and sources that the daemon knows', async (context) => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect({ spool: false });
    await client.recordBatch([
      { type: 'note', source: 'desk' },
      { type: 'new thing', source: 'hall' },
    ]);
    const tools = join(daemon.home, 'tools');
    mkdirSync(tools);
    symlinkSync(daybookExecutable, join(tools, 'daybook'));
    const environment = { DAYBOOK_HOME: daemon.home, PATH: `${tools}:${process.env['PATH']}` };

    for (const [shell, probe] of Object.entries(probes)) {
      const script = await daybook(daemon.home, ['completions', shell]);
      assert.deepEqual([script.exitCode, script.stderr], [0, ''], shell);
      if (!isThere(shell)) {
        context.diagnostic(`${shell} is not installed: its script was only written`);
        continue;
      }
      const file = join(daemon.home, `daybook.${shell}`);
      writeFileSync(file, script.stdout);
      const offered = async (...words: string[]) => {
        const { stdout, stderr } = await new RunningCommand(shell, ['-c', probe(file, ['daybook', ...words])], {
          environment,
        }).ended;
        assert.equal(stderr, '', `${shell}: ${words.join(' ')}`);
        return stdout.split('\n').filter((line) => line !== '');
      };
      const plain = (lines: readonly string[]) => lines.map((line) => line.replaceAll('\\', '')).toSorted();
      const startingWith = (prefix: string, lines: readonly string[]) =>
        lines.filter((line) => line.startsWith(prefix));

      assert.deepEqual(startingWith('li', await offered('li')), ['list'], shell);
      assert.deepEqual(startingWith('dr', await offered('spool', 'dr')), ['drain'], shell);
      assert.deepEqual(startingWith('--type', await offered('list', '--ty')), ['--type'], shell);
      assert.deepEqual(startingWith('z', await offered('completions', 'z')), ['zsh'], shell);
      assert.deepEqual(startingWith('log', await offered('config', 'set', 'log')), ['log_level'], shell);
      // A daemon that does not answer within 200 ms is not waited for, and this machine may be busy.
      const types = await waitFor('types', async () => {
        const lines = plain(await offered('list', '--type', 'n'));
        return lines.length > 0 && lines;
      });
      assert.deepEqual(types, ['new thing', 'note'], shell);
      await waitFor('sources', async () => (await offered('tail', '-f', '--source', 'de')).includes('desk'));
      assert.ok(!(await offered('patterns', '--type', 'no')).includes('note'), shell);
    }
  });

  test('without a daemon there are no names, and nothing is said', async () => {
    using home = temporaryHome();
    const { exitCode, stdout, stderr } = await daybook(home.path, ['completions', 'values', 'types']);
    assert.deepEqual([exitCode, stdout, stderr], [0, '', '']);
    assert.equal((await daybook(home.path, ['completions', 'tcsh'])).exitCode, 2);
  });
});

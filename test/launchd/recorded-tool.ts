import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runCommand, type CommandResult, type RunCommand } from '../../launchd/run-command.ts';

/** One call that is expected and what the tool answers to it. */
export interface Call {
  args: readonly string[];
  exitCode: number;
  stdout?: string;
  stderr?: string;
}

/** An exit code that nothing treats as good, for a call that no play foresees. */
const unforeseen = 99;

/**
 * A stand-in for launchctl or systemctl: an executable that writes down its arguments and answers what the play says,
 * line by line. It is started by the real runner, so exit codes and arguments go through a real process.
 */
export class RecordedTool {
  readonly #directory: string;
  readonly #name: string;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
    const program = join(directory, name);
    // Arguments are separated by tabs. The number of the call is the number of lines written so far.
    writeFileSync(
      program,
      `#!/bin/sh
directory=$(dirname "$0")
IFS='	'
printf '%s\\n' "$*" >> "$directory/calls"
number=$(wc -l < "$directory/calls")
number=$((number))
[ -f "$directory/out.$number" ] && cat "$directory/out.$number"
[ -f "$directory/err.$number" ] && cat "$directory/err.$number" >&2
code=$(sed -n "\${number}p" "$directory/answers")
exit "\${code:-${unforeseen}}"
`,
    );
    chmodSync(program, 0o755);
  }

  readonly run: RunCommand = (program, args): Promise<CommandResult> => {
    assert.equal(program, this.#name);
    return runCommand(join(this.#directory, basename(program)), args);
  };

  /** Lets `act` run against the play and asserts that it made exactly these calls in this order. */
  async play<T>(calls: readonly Call[], act: () => Promise<T>): Promise<T> {
    const log = join(this.#directory, 'calls');
    rmSync(log, { force: true });
    writeFileSync(join(this.#directory, 'answers'), calls.map(({ exitCode }) => `${exitCode}\n`).join(''));
    for (const [index, call] of calls.entries()) {
      writeFileSync(join(this.#directory, `out.${index + 1}`), call.stdout ?? '');
      writeFileSync(join(this.#directory, `err.${index + 1}`), call.stderr ?? '');
    }
    try {
      return await act();
    } finally {
      const made = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
      assert.deepEqual(
        made,
        calls.map(({ args }) => args.join('\t')),
      );
    }
  }
}

import { Argument, Command } from 'commander';
import { bashCompletion } from '../completions/bash.ts';
import { commandTree } from '../completions/command-tree.ts';
import { fishCompletion } from '../completions/fish.ts';
import { zshCompletion } from '../completions/zsh.ts';
import { openClient } from '../open-client.ts';
import { plain, print } from '../output.ts';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
/** Whoever has pressed Tab does not wait longer. */
const PATIENCE_MS = 200;

export function command(): Command {
  const values = new Command('values')
    .description('What the daemon knows, a name a line (asked by the completions)')
    .addArgument(new Argument('<kind>').choices(['types', 'sources']))
    .action(printNames);
  return new Command('completions')
    .description('Print what completes commands, options, types and sources in a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      `
bash   source <(daybook completions bash)                                            in ~/.bashrc
zsh    source <(daybook completions zsh)                                             in ~/.zshrc, behind compinit
fish   daybook completions fish > ~/.config/fish/completions/daybook.fish            once a version`,
    )
    .action(async (shell: keyof typeof shells, _options: unknown, self: Command) => {
      if (self.parent !== null) await print(shells[shell](commandTree(self.parent)));
    })
    .addCommand(values.exitOverride(), { hidden: true });
}

/** Nothing when the daemon does not answer in time: there is nobody to whom to say why. */
async function printNames(kind: 'types' | 'sources'): Promise<void> {
  // Also ends a connection that is still being made.
  const patience = setTimeout(() => process.exit(0), PATIENCE_MS);
  try {
    const client = await openClient();
    const { by_type, by_source } = (await client.stats()).database_stats;
    const names = Object.keys(kind === 'types' ? by_type : by_source);
    await print(
      names
        .filter((name) => plain(name) === name)
        .map((name) => `${name}\n`)
        .join(''),
    );
    await client.close({ timeoutMs: 0 });
  } catch {
    // As above.
  } finally {
    clearTimeout(patience);
  }
}

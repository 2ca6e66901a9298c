import { Command } from 'commander';
import { writeBundle } from '../doctor/bundle.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding, Level } from '../doctor/finding.ts';
import { lookAround } from '../doctor/situation.ts';
import { exitCodes } from '../exit.ts';
import { paint, plain, print, printJson } from '../output.ts';

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const satisfies Record<Level, string>;

export function command(): Command {
  return new Command('doctor')
    .description('What is wrong with this installation, and the command that cures it')
    .option('--json', 'as one JSON map')
    .option('--bundle <file>', 'write what it found to an archive (.tar.gz) that can be shown to others')
    .addHelpText(
      'after',
      '\nExits 1 when something failed; warnings alone exit 0. The archive holds no events and no names of\n' +
        'types, sources or clients, and your home directory is ~ in it.',
    )
    .action(async (options: { json?: true; bundle?: string }) => {
      const situation = await lookAround(process.env);
      const findings = await examine(situation);
      const hasFailed = findings.some(({ level }) => level === 'failed');
      if (hasFailed) process.exitCode = exitCodes.failed;
      if (options.json) await printJson({ ok: !hasFailed, findings });
      else await print(findings.map(findingText).join(''));
      if (options.bundle === undefined) return;
      await writeBundle(options.bundle, situation, findings);
      if (!options.json) await print(`\nwritten to ${options.bundle}\n`);
    });
}

function findingText({ check, level, message, cure }: Finding): string {
  const head = `${paint(COLOURS[level], level.padEnd(7))}  ${check.padEnd(14)}  ${plain(message)}\n`;
  return cure === undefined ? head : `${head}${' '.repeat(25)}cure: ${plain(cure)}\n`;
}

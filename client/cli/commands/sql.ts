import { Command } from 'commander';
import { text as textOf } from 'node:stream/consumers';
import { alignedLines, jsonLines, tabbedLines } from '../sql/answer-text.ts';
import { databasePath } from '../sql/database-path.ts';
import { type Answer, ask } from '../sql/question.ts';
import { sqlFailure } from '../sql/sql-failure.ts';
import { print } from '../output.ts';

interface SqlOptions {
  json?: true;
  head: boolean;
  database?: string;
}

const CHUNK_LENGTH = 64 * 1024;

const HELP = `
Views:
  readable    id, timestamp, time, type, source, action, data, processed
              time is local, data always JSON text: data ->> 'path', data ->> '$.steps[0].name'
  events      id, timestamp, event_type, action, source, data_json, data_compressed, hash, processed, created_at
              as stored; data is in one of two columns, and gunzip(data_compressed) reads the other
Tables: patterns, system_stats. Others are there, and may change with any version.

Runs in this process and only reads; the daemon may run or not. While rows are being read the daemon's log cannot be
cut back, so do not leave a pager open on a long answer. On a terminal columns are aligned and cut; otherwise they
have tabs between them, with \\t, \\n, \\r and \\\\ for those characters.`;

export function command(): Command {
  return new Command('sql')
    .description('Ask the database itself, in SQL; reads only')
    .argument('<statement>', "one SELECT, or '-' to read it from standard input")
    .option('--json', 'one JSON map a line')
    .option('--no-head', 'without the names of the columns')
    .option('--database <file>', 'another database of daybook, such as one that was set aside')
    .addHelpText('after', HELP)
    .action(async (statement: string, options: SqlOptions) => {
      const sql = statement === '-' ? await textOf(process.stdin) : statement;
      const path = options.database ?? databasePath(process.env);
      // Loaded only here: early versions of Node 24 warn about node:sqlite.
      const { openDatabase } = await import('../sql/open-database.ts');
      const { db, checkUnchanged } = openDatabase(path);
      try {
        await printAnswer(ask(db, sql), options, checkUnchanged);
      } catch (error) {
        // What looks like damage may be a change.
        checkUnchanged();
        throw sqlFailure(error, path);
      } finally {
        db.close();
      }
    });
}

async function printAnswer(answer: Answer, options: SqlOptions, checkUnchanged: () => void): Promise<void> {
  let chunk = '';
  for (const line of linesOf(answer, options)) {
    chunk += line;
    if (chunk.length < CHUNK_LENGTH) continue;
    checkUnchanged();
    await print(chunk);
    chunk = '';
  }
  checkUnchanged();
  await print(chunk);
}

function linesOf(answer: Answer, { json, head }: SqlOptions) {
  if (json) return jsonLines(answer);
  return process.stdout.isTTY ? alignedLines(answer, head, process.stdout.columns) : tabbedLines(answer, head);
}

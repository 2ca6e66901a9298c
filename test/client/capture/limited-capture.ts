import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureFiles } from '../../../client/capture/files.ts';
import { waitFor } from './wait-for.ts';

// Run by limits.test.ts in a process of its own, whose user namespace allows few watches. Writes one file into the
// directory and prints, as JSON, what was reported and recorded.
const [, , root = ''] = process.argv;
const problems: string[] = [];
const paths: unknown[] = [];
const capture = await captureFiles({
  directories: [root],
  record: (event) => paths.push(event.data?.['path']),
  onProblem: (message) => problems.push(message),
});
const watched = capture.counters.directoriesWatched;
writeFileSync(join(root, 'seen'), 'x');
if (watched > 0) await waitFor('the event and a rescan', () => paths.length > 0 && capture.counters.rescans > 0);
await capture.close();
process.stdout.write(JSON.stringify({ problems, paths, watched }));

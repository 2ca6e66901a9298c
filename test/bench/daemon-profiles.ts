import type { CpuProfile } from './cpu-profile.ts';

/** What a thread has written, under the name that Node gives it: CPU.DATE.TIME.PROCESS.THREAD.NUMBER.cpuprofile. */
export interface WrittenProfile {
  path: string;
  profile: CpuProfile;
}

/** The program of the writer's thread: a file of its own, bundled or not. That of the main thread has names that change. */
const WRITER_PROGRAM = '/daemon/writer/writer-thread.';

const MAIN_THREAD = '0';

/** The profiles of the daemon's threads, among those of all threads and processes. @throws Error when one is missing */
export function daemonProfiles(written: readonly WrittenProfile[]): { main: WrittenProfile; writer: WrittenProfile } {
  const writer = written.find(({ profile }) =>
    profile.nodes.some(({ callFrame }) => callFrame.url.includes(WRITER_PROGRAM)),
  );
  if (writer === undefined) throw new Error('no profile of the writer thread was written');
  const { process } = authorOf(writer.path);
  const main = written.find(({ path }) => {
    const by = authorOf(path);
    return by.process === process && by.thread === MAIN_THREAD;
  });
  if (main === undefined) throw new Error('no profile of the main thread was written');
  return { main, writer };
}

function authorOf(path: string): { process: string | undefined; thread: string | undefined } {
  const [, process, thread] = /\.(\d+)\.(\d+)\.\d+\.cpuprofile$/.exec(path) ?? [];
  return { process, thread };
}

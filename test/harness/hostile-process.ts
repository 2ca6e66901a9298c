import { RunningCommand } from './command-line.ts';
import * as connections from './hostile-connections.ts';
import * as requests from './hostile-requests.ts';
import type { Misbehave } from './hostile-socket.ts';

/** Every way to misbehave, by what it is. */
export const misbehaviours: { [what: string]: Misbehave } = {
  'new events, 500 a frame': requests.newEvents,
  'new events, one a frame': requests.singleEvents,
  'the same events again': requests.sameEventsAgain,
  'events that are all refused': requests.refusedEvents,
  'questions without end': requests.questions,
  'a slow reader': requests.slowReader,
  'depth bombs': requests.depthBombs,
  'seven million tiny values': requests.tinyValues,
  'seven million tiny values in seven events': requests.refusedTinyValues,
  'half frames': connections.halfFrames,
  'a byte a second': connections.byteASecond,
  garbage: connections.garbage,
  'an HTTP client': connections.http,
  'a TLS client': connections.tls,
  'coming and going': connections.comingAndGoing,
};

const UNDER_WAY = 'under way';

/** A process of its own that misbehaves in one way until it is disposed of. */
export class HostileProcess extends RunningCommand {
  constructor(socketPath: string, what: string) {
    const script = `
      import { misbehaviours } from ${JSON.stringify(import.meta.url)};
      await misbehaviours[${JSON.stringify(what)}](${JSON.stringify(socketPath)}, () => console.log('${UNDER_WAY}'));`;
    super(process.execPath, ['--input-type=module', '--eval', script]);
  }

  get isUnderWay(): boolean {
    return this.stdout.includes(UNDER_WAY);
  }

  /** Waits until a whole dose has been dealt. */
  underWay(): Promise<void> {
    return this.prints(UNDER_WAY);
  }
}

/**
 * A million events at full speed into a home that other trials use, and then nothing for a minute: private memory of that
 * daemon, with the processes it has started, at its peak and after the minute. Meanwhile a second daemon has five silent
 * clients: how often it wakes up. Both have nothing left to do in that minute; the second has been used before, a query
 * included.
 */
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startDaemon } from '../bench-daemon.ts';
import { corpus } from '../corpus.ts';
import { EVENTS_IN_FLIGHT, RecordClock, recordInBatches } from '../load.ts';
import { cpuTicks, privateMegabytes, sleepsByThread, wakeUpsBetween } from '../proc.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const SAMPLE_MS = 10;
const IDLE_SECONDS = 60;
/** A daemon tidies up 30 s after its last event, and its reader ends a minute after the last question. */
const SETTLED_SECONDS = 75;
const SILENT_CLIENTS = 5;

const input = trialInput() as Surroundings & { events: number; seed: number };
await using quiet = await startDaemon(input);
const silent = Array.from({ length: SILENT_CLIENTS }, (_, index) => quiet.connect({ clientName: `silent-${index}` }));
await Promise.all(silent.map((client) => client.ready()));
await silent[0]?.recordBatch(corpus(1_000, input.seed));
await silent[0]?.page({});
const settled = pause(SETTLED_SECONDS * 1000);

const busy = await startDaemon(input, input.homes.oneMillion);
const client = busy.connect();
await client.ready();
const { pid = 0 } = busy.process;
let peakPrivateMegabytes = 0;
const sampling = setInterval(() => {
  peakPrivateMegabytes = Math.max(peakPrivateMegabytes, privateMegabytes(pid));
}, SAMPLE_MS);
await recordInBatches(client, corpus(input.events, input.seed), EVENTS_IN_FLIGHT, new RecordClock());
clearInterval(sampling);
const emptied = pause(IDLE_SECONDS * 1000);

await settled;
const { pid: quietPid = 0 } = quiet.process;
const before = { sleeps: sleepsByThread(quietPid), ticks: cpuTicks(quietPid) };
await pause(IDLE_SECONDS * 1000);
const idleWakeUpsPerSecond = wakeUpsBetween(before.sleeps, sleepsByThread(quietPid)) / IDLE_SECONDS;
const idleCpuTicks = cpuTicks(quietPid) - before.ticks;

await emptied;
const idlePrivateMegabytes = privateMegabytes(pid);
await busy.stop();
reportFigures({
  peakPrivateMegabytes,
  idlePrivateMegabytes,
  idleWakeUpsPerSecond,
  idleCpuTicks,
  diskBytesPerEvent: statSync(busy.paths.database).size / input.events,
});

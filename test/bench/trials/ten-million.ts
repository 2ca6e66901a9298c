/**
 * Fills a home that other trials use: the rate when it was almost empty and when it was full, each the median of five
 * windows of 100,000 events, and the size of its database.
 */
import { statSync } from 'node:fs';
import { startDaemon } from '../bench-daemon.ts';
import { corpus } from '../corpus.ts';
import { EVENTS_IN_FLIGHT, RecordClock, recordInBatches } from '../load.ts';
import { median } from '../statistics.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const WINDOW_EVENTS = 100_000;
const WINDOWS = 5;

const input = trialInput() as Surroundings & { events: number; seed: number };
const daemon = await startDaemon(input, input.homes.tenMillion);
const client = daemon.connect();
await client.ready();
const rates: number[] = [];
let windowStart = { stored: 0, at: performance.now() };
const started = performance.now();
await recordInBatches(client, corpus(input.events, input.seed), EVENTS_IN_FLIGHT, new RecordClock(), () => {
  const { stored } = client.counters;
  if (stored < (rates.length + 1) * WINDOW_EVENTS) return;
  const at = performance.now();
  rates.push((stored - windowStart.stored) / ((at - windowStart.at) / 1000));
  windowStart = { stored, at };
});
const seconds = (performance.now() - started) / 1000;
const { stored } = client.counters;
if (stored !== input.events) throw new Error(`${stored} of ${input.events} stored`);
await daemon.stop();
reportFigures({
  eventsPerSecond: input.events / seconds,
  // The first window is the warm-up.
  firstEventsPerSecond: median(rates.slice(1, 1 + WINDOWS)),
  lastEventsPerSecond: median(rates.slice(-WINDOWS)),
  diskBytesPerEvent: statSync(daemon.paths.database).size / input.events,
});

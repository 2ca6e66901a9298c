import { blocks } from '../../../../client/cli/dashboard/charset.ts';
import { type Figures, MINUTES } from '../../../../client/cli/dashboard/figures.ts';
import { emptyView, type View } from '../../../../client/cli/dashboard/view.ts';
import { localSeconds } from './local-seconds.ts';

const now = localSeconds('14:22:05');

/** Figures of a busy day, all of them known. */
export const busyFigures: Figures = {
  daemon: {
    pid: 4242,
    version: '0.1.0',
    started: localSeconds('09:00:00'),
    stores: true,
    disk_full: false,
    connections: 3,
    tails: 1,
    gaps: 0,
    batch_size: 100,
    batch_timeout_seconds: 5,
    retention_days: 30,
    queue_bytes: 2_048,
    memory_bytes: 90 * 1024 * 1024,
    cpu_share: 0.125,
    events_per_second_now: 20_013.4,
  },
  performance: {
    events_per_second: 18_400,
    receipt_p50_ms: 0.42,
    receipt_p99_ms: 14.7,
    receipts: 1_024,
    batch_events: 93,
    queue_events: 12,
    wal_bytes: 4_300_000,
    database_bytes: 320_000_000,
    index_bytes: null,
    cpu_seconds: 99,
    private_memory_bytes: 60 * 1024 * 1024,
    last_checkpoint: localSeconds('14:21:50'),
    last_cleanup: localSeconds('09:00:01'),
    cleanup_running: false,
    next_cleanup: localSeconds('09:00:01') + 86_400,
  },
  capture: {
    events: 1_234_567,
    patterns: 42,
    size_bytes: 327_680_000,
    oldest: localSeconds('08:15:00') - 20 * 86_400,
    newest: localSeconds('14:22:04'),
    stored: 12_000,
    duplicate: 3,
    rejected: 1,
  },
  minutes: { since: localSeconds('13:23:00'), events: Array.from({ length: MINUTES }, (_, place) => place * 10) },
  types: [
    { type: 'file_op', events: 812_344, events_per_second: 120 },
    { type: 'browser', events: 212_223, events_per_second: 0 },
    { type: 'app', events: 110_000, events_per_second: 3.4 },
    { type: '音楽', events: 60_000, events_per_second: null },
    { type: 'mail', events: 30_000, events_per_second: 0 },
    { type: 'evil\u001b[31m\u202e', events: 10_000, events_per_second: 0 },
  ],
  sources: [
    { source: 'fs', events: 812_344, last: localSeconds('14:22:04'), state: 'live', cadence_seconds: null },
    { source: 'safari', events: 212_223, last: localSeconds('13:00:00'), state: 'idle', cadence_seconds: null },
    { source: 'heartbeat', events: 9_000, last: localSeconds('14:00:00'), state: 'stalled', cadence_seconds: 60 },
    { source: 'ミュージック', events: 60_000, last: localSeconds('14:20:00'), state: 'late', cadence_seconds: 60 },
  ],
  learning: {
    active_embryos: { value: 12, at: localSeconds('14:05:00') },
    average_fitness: { value: 0.8312, at: localSeconds('14:05:00') },
    latest_pattern: {
      id: 7,
      eventId: null,
      patternType: 'morning_routine',
      confidence: 0.93,
      patternData: '{}',
      embryoId: 'e-12',
      created: localSeconds('14:02:00'),
    },
  },
  latest: [
    {
      id: 9,
      type: 'file_op',
      source: 'fs',
      action: 'create',
      timestamp: localSeconds('14:22:04'),
      data: { path: '/tmp/a' },
    },
    {
      id: 8,
      type: '音楽',
      source: 'ミュージック',
      timestamp: localSeconds('14:22:03'),
      data: { 曲: '夜に駆ける 🎵👨‍👩‍👧' },
    },
    {
      id: 7,
      type: 'evil\u001b[31m\u202e',
      source: 'x\u0007y',
      action: 'a\nb',
      timestamp: localSeconds('14:22:02'),
      data: { text: '\u001b]0;title\u0007\u009b2J', list: [1, 2], map: { a: 1 }, none: null },
    },
  ],
};

/** A view of it as it is live. */
export function exampleView(changed: Partial<View> = {}): View {
  return { ...emptyView({ state: 'live' }, now, blocks), figures: busyFigures, ...changed };
}

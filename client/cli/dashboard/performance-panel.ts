import { bytesText, counted, wholeNumber } from '../output.ts';
import { line, type Line, span } from './line.ts';
import { labelled, panel, type Room } from './panel.ts';
import { millisecondsText, momentText, rateText } from './texts.ts';
import type { View } from './view.ts';

const LABEL = 10;

/** How the daemon does. */
export function performancePanel(view: View, room: Room): Line[] {
  return panel(view, room, 'Performance', '', rows(view, room.width));
}

function rows(view: View, width: number): Line[] {
  const { daemon, performance } = view.figures;
  if (daemon === null) {
    const why = view.origin.state === 'file' ? 'no daemon: this is a file' : 'no daemon has answered yet';
    return [line(width, span(why, 'dim'))];
  }
  const row = (label: string, ...values: (string | null)[]) =>
    labelled(width, label.padEnd(LABEL), values, 'not reported');
  const moment = (seconds: number) => momentText(seconds, view.now);
  const { events_per_second_now: rate, cpu_share: cpu } = daemon;
  return [
    row(
      'events/s',
      rate === null ? null : `${rateText(rate)} now`,
      performance && `${rateText(performance.events_per_second)} over 60 s`,
    ),
    row('receipts', ...receipts(view)),
    row('queue', performance && counted(performance.queue_events, 'event'), bytesText(daemon.queue_bytes)),
    row(
      'batch',
      performance?.batch_events == null ? null : `mean ${wholeNumber(performance.batch_events)}`,
      `at ${wholeNumber(daemon.batch_size)} or ${daemon.batch_timeout_seconds} s`,
    ),
    row(
      'log (WAL)',
      performance?.wal_bytes == null ? null : bytesText(performance.wal_bytes),
      performance?.last_checkpoint == null ? null : `checkpoint ${moment(performance.last_checkpoint)}`,
    ),
    row(
      'memory',
      bytesText(performance?.private_memory_bytes ?? daemon.memory_bytes),
      cpu === null ? null : `CPU ${(cpu * 100).toFixed(cpu < 0.1 ? 1 : 0)}%`,
    ),
    row('cleanup', ...cleanup(view)),
  ];
}

function receipts({ figures: { performance } }: View): (string | null)[] {
  if (performance === null) return [];
  if (performance.receipts === 0) return ['none in 60 s'];
  return [`p50 ${millisecondsText(performance.receipt_p50_ms)}`, `p99 ${millisecondsText(performance.receipt_p99_ms)}`];
}

function cleanup({ figures: { performance, daemon }, now }: View): (string | null)[] {
  const kept = daemon === null ? null : `keeps ${counted(daemon.retention_days, 'day')}`;
  if (performance === null) return [null, kept];
  if (performance.cleanup_running) return ['running now', kept];
  const { next_cleanup: next, last_cleanup: last } = performance;
  if (next !== null) return [`next ${momentText(next, now)}`, kept];
  return [last === null ? null : `last ${momentText(last, now)}`, kept];
}

import type { BackupStatus, IntegrityStatus, StatusReply } from '../../shared/messages/status.ts';
import { counted, durationText, paint } from './output.ts';

/** Rows of `daybook status` about what keeps a history; none of a daemon that does not say. */
export function careRows({ backup, integrity }: StatusReply, nowSeconds: number): [label: string, value: string][] {
  return [
    ...(backup === undefined ? [] : [['backup', backupText(backup, nowSeconds)] as [string, string]]),
    ...(integrity === undefined ? [] : [['integrity', integrityText(integrity, nowSeconds)] as [string, string]]),
  ];
}

function backupText({ at, failed_at: failedAt, reason, next }: BackupStatus, nowSeconds: number): string {
  const last = at === null ? 'none was made' : `made ${ago(at, nowSeconds)}`;
  if (failedAt !== null) return paint('red', `${last}; one failed ${ago(failedAt, nowSeconds)}: ${reason}`);
  if (next === null) return `${last}; none is made by itself`;
  return `${last}; the next ${next <= nowSeconds ? 'within a minute' : `in ${durationText(next - nowSeconds)}`}`;
}

function integrityText(integrity: IntegrityStatus, nowSeconds: number): string {
  const { at, sound, checked, under_way: underWay } = integrity;
  const running = underWay === null ? '' : `; under way: ${counted(underWay, 'event')}`;
  if (at === null) return `never looked through${running}`;
  const text = `${counted(checked ?? 0, 'event')} looked through ${ago(at, nowSeconds)}`;
  const verdict = sound === false ? paint('red', 'damage was found: see daybook verify') : 'nothing was damaged';
  return `${text}; ${verdict}${running}`;
}

function ago(atSeconds: number, nowSeconds: number): string {
  return `${durationText(Math.max(nowSeconds - atSeconds, 0))} ago`;
}

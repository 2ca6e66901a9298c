import type { Sender } from '../../daemon/ingest/ingest.ts';
import { decode } from '../../shared/codec.ts';
import type { DaybookError } from '../../shared/errors.ts';

/** A sender without a connection: keeps its answers. */
export class FakeSender implements Sender {
  readonly id: number;
  readonly replies: { requestId: number; body: unknown }[] = [];
  readonly refusals: { requestId: number; error: DaybookError }[] = [];
  isPaused = false;

  constructor(id: number) {
    this.id = id;
  }

  reply(requestId: number, body: unknown): void {
    this.replies.push({ requestId, body });
  }

  send(_kind: string, requestId: number, body: Uint8Array): void {
    this.replies.push({ requestId, body: decode(body) });
  }

  refuseRequest(requestId: number, error: DaybookError): void {
    this.refusals.push({ requestId, error });
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

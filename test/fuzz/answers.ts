/** Holds what a connection was answered against what it had to be answered. */
import assert from 'node:assert/strict';
import { errorCodes, isErrorCode } from '../../shared/errors.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import type { Expectation, ExpectedAnswer, ExpectedRequest } from './expectation.ts';
import type { EventVerdict, PlainEvent } from './reference-record.ts';
import { isFresh, keyOf, type StoredEvents, type TimedEvent, untimedKey } from './stored-events.ts';
import type { Answer } from './watched-connection.ts';

/** Answers that end a request: all but those that a tail sends on. */
export function finalAnswers(answers: readonly Answer[]): Answer[] {
  return answers.filter(({ kind }) => kind === 'reply' || kind === 'error');
}

/**
 * @param isPatient whether the client waited for what it is told: for its answers, or for the reason of the end. Else there
 * may be less of both, and nothing else.
 * @throws AssertionError
 */
export function checkAnswers(answers: readonly Answer[], { requests, end }: Expectation, isPatient: boolean): void {
  const final = finalAnswers(answers);
  if (typeof end === 'object') {
    const last = final.at(-1);
    const isReason = last?.kind === 'error' && last.requestId === 0 && last.body['code'] === end.code;
    if (isReason) final.pop();
    assert.ok(isReason || !isPatient, `the end, and not because of ${end.code}: ${JSON.stringify(last)}`);
  }
  for (const { kind, requestId } of answers) {
    if (kind === 'reply' || kind === 'error') continue;
    assert.ok(kind === 'events' || kind === 'reset' || kind === 'progress', `an answer of kind ${kind}`);
    assert.ok(requests.some((request) => request.kind === 'tail' && request.requestId === requestId));
  }
  const answersTo = Map.groupBy(final, ({ requestId }) => requestId);
  const requestsWith = Map.groupBy(requests, ({ requestId }) => requestId);
  for (const [requestId, given] of answersTo) {
    const asked = requestsWith.get(requestId) ?? [];
    assert.ok(given.length <= asked.length, `${given.length} answers to ${asked.length} requests ${requestId}`);
    for (const answer of given) {
      const isFit = asked.some((request) => fits(answer, request.answer));
      assert.ok(
        isFit,
        `${JSON.stringify(answer)} to ${asked.map(({ kind, answer: { kind: wanted } }) => `${kind} (${wanted})`).join()}`,
      );
    }
  }
  if (isPatient && end === undefined) assert.equal(final.length, requests.length, 'each request has an answer');
}

function fits({ kind, body }: Answer, expected: ExpectedAnswer): boolean {
  if (kind === 'reply') return expected.kind !== 'error' && (expected.kind === 'receipt') === 'stored' in body;
  const { code, message, retryable } = body;
  if (!isErrorCode(code) || typeof message !== 'string' || retryable !== errorCodes[code].retryable) return false;
  return expected.kind === 'error' ? expected.codes.has(code) : expected.kind === 'reply or error';
}

/**
 * Receipts come in the order of their requests, account for every event, and name rows that hold what was sent.
 * @param rows what was stored since before the requests were sent
 */
export function checkReceipts(
  answers: readonly Answer[],
  requests: readonly ExpectedRequest[],
  rows: ReadonlyMap<number, TimedEvent>,
  stored: StoredEvents,
): void {
  const expected = requests.filter(({ answer }) => answer.kind === 'receipt');
  for (const { requestId, body } of answers.filter(
    ({ kind, body: fields }) => kind === 'reply' && 'stored' in fields,
  )) {
    const request = expected.shift();
    assert.ok(request?.answer.kind === 'receipt' && request.requestId === requestId, 'receipts keep their order');
    checkReceipt(body as unknown as Receipt, request.answer, rows, stored);
  }
}

function checkReceipt(
  receipt: Receipt,
  { events, durability }: { events: EventVerdict[]; durability: string },
  rows: ReadonlyMap<number, TimedEvent>,
  stored: StoredEvents,
): void {
  const { firstId, lastId, level, persisted } = receipt;
  assert.deepEqual([level, persisted], [durability, true]);
  const codes = new Map(receipt.rejected.map(({ index, code }) => [index, code]));
  const accepted: PlainEvent[] = [];
  for (const [index, verdict] of events.entries()) {
    const code = codes.get(index);
    if ('event' in verdict) accepted.push(verdict.event);
    const isRight = 'event' in verdict ? code === undefined : code !== undefined && verdict.codes.has(code);
    assert.ok(isRight, `event ${index}: ${code ?? 'accepted'}, and it is ${JSON.stringify(verdict)}`);
  }
  assert.equal(codes.size + accepted.length, events.length, 'each event is accounted for once');
  assert.equal(receipt.stored + receipt.duplicate, accepted.length);
  assert.equal(firstId === null || lastId === null ? 0 : lastId - firstId + 1, receipt.stored);

  let next = 0;
  for (let id = firstId ?? 1; id <= (lastId ?? 0); id += 1) {
    const row = rows.get(id);
    assert.ok(row !== undefined, `event ${id} is not there`);
    while (next < accepted.length && !isKept(accepted[next], row)) next += 1;
    assert.ok(next < accepted.length, `event ${id} is none of its request: ${JSON.stringify(row)}`);
    next += 1;
  }
  for (const event of accepted) assert.ok(stored.has(keyOf(event)), `nowhere: ${JSON.stringify(event)}`);
}

function isKept(event: PlainEvent | undefined, row: TimedEvent): boolean {
  if (event === undefined) return false;
  if (event.timestamp === undefined) return isFresh(row) && keyOf(event) === untimedKey(row);
  return keyOf(event) === keyOf(row);
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PartialFrames } from '../../../daemon/socket/partial-frames.ts';

class Sender {
  isPaused = false;
}

describe('PartialFrames', () => {
  test('have nobody go while there is room, and count what is there', () => {
    const frames = new PartialFrames<Sender>(100);
    const [one, other] = [new Sender(), new Sender()];
    assert.equal(frames.note(one, 60), undefined);
    assert.equal(frames.note(other, 40), undefined);
    assert.equal(frames.totalBytes, 100);
    assert.equal(frames.note(one, 0), undefined);
    assert.equal(frames.note(other, 70), undefined);
    assert.equal(frames.totalBytes, 70);
  });

  test('have the one go that began first, however large the others are', () => {
    const frames = new PartialFrames<Sender>(100);
    const [first, second, third] = [new Sender(), new Sender(), new Sender()];
    frames.note(first, 1);
    frames.note(second, 90);
    assert.equal(frames.note(third, 10), first);
    frames.note(first, 0);
    assert.equal(frames.note(third, 11), second);
  });

  test('a sender that completes a frame begins anew', () => {
    const frames = new PartialFrames<Sender>(100);
    const [first, second] = [new Sender(), new Sender()];
    frames.note(first, 50);
    frames.note(second, 50);
    frames.note(first, 0);
    assert.equal(frames.note(first, 51), second);
  });

  test('spare whom we do not read from, as long as there is another', () => {
    const frames = new PartialFrames<Sender>(100);
    const [paused, last] = [new Sender(), new Sender()];
    paused.isPaused = true;
    frames.note(paused, 90);
    assert.equal(frames.note(last, 20), last);
    last.isPaused = true;
    assert.equal(frames.note(last, 21), last, 'when nobody is left it is the one that asks for more');
  });
});

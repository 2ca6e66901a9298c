import assert from 'node:assert/strict';
import { MsgpackScanner, scanProblems } from '../../shared/msgpack-scanner.ts';

export type ProblemName = keyof typeof scanProblems;

export const DEPTH = 64;

/** Bytes written in hexadecimal, with spaces where they help to read. */
export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What the scanner says of a value that these bytes are, and nothing but it. */
export function problemOf(bytes: Buffer, maxDepth = DEPTH): ProblemName | undefined {
  const scanner = new MsgpackScanner(maxDepth);
  scanner.scan(bytes, 0);
  assert.equal(scanner.end, bytes.length, 'the scan must end at the end of the value');
  return (Object.keys(scanProblems) as ProblemName[]).find((name) => scanProblems[name] === scanner.problem);
}

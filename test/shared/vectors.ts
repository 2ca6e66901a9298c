import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The conformance vectors. PROTOCOL.md says what they stand for. */
export const vectorsDirectory = fileURLToPath(new URL('../fixtures/frames/v1', import.meta.url));

/** A frame and what it says. */
export interface ValidVector {
  name: string;
  hex: string;
  kind: string;
  requestId: number;
  body: unknown;
}

/** Bytes that are no frame, and why. */
export interface InvalidVector {
  name: string;
  hex: string;
  error: string;
}

/** refused.json: a frame after the hello, request id 7. rejected.json: one event of a record request. */
export interface RefusedVector {
  name: string;
  hex: string;
  code: string;
}

export interface IdentityVectors {
  events: { name: string; event: { [field: string]: unknown }; text: string; hash: string }[];
  /** Two events as msgpack, and whether they are the same. */
  pairs: { name: string; equal: boolean; a: string; b: string }[];
}

export const validVectors = load('valid') as ValidVector[];
export const invalidVectors = load('invalid') as InvalidVector[];
export const refusedVectors = load('refused') as RefusedVector[];
export const rejectedVectors = load('rejected') as RefusedVector[];
export const identityVectors = load('identity') as IdentityVectors;

function load(name: string): unknown {
  return JSON.parse(readFileSync(`${vectorsDirectory}/${name}.json`, 'utf8'));
}

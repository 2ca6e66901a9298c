/** Fuzzing that finds nothing has to show that it would: each of these writers must be caught. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { seed } from '../harness/property.ts';
import { importWith, type Mutant } from './mutant.ts';
import { type RecordModules, recordBodyProperty } from './record-body-property.ts';
import { canaryRuns } from './runs.ts';

const scanner = 'shared/msgpack-scanner.ts';
const reader = 'daemon/prepare/read-record-body.ts';
const validator = 'daemon/prepare/validate-event.ts';
const transcriber = 'daemon/prepare/transcriber.ts';
const naming = 'daemon/writer/name-events.ts';
const packing = 'daemon/prepare/packed-events.ts';
const names = 'daemon/prepare/known-names.ts';
const jsonText = 'daemon/prepare/json-text.ts';
const preparation = 'daemon/prepare/prepare-events.ts';

const mutants: Mutant[] = [
  {
    file: scanner,
    fault: 'UTF-8 is not checked',
    from: 'return isUtf8(bytes.subarray(start, end));',
    to: 'return true;',
  },
  { file: scanner, fault: 'depth is not checked', from: 'depth === this.#maxDepth', to: 'depth === 1e9' },
  { file: scanner, fault: 'keys need not be text', from: 'problem = scanProblems.non_string_key;', to: '' },
  { file: scanner, fault: 'map entries are not counted', from: 'mapEntries += items / 2', to: 'mapEntries += 0' },
  {
    file: reader,
    fault: 'bytes may follow the body',
    from: 'if (position !== bytes.length)',
    to: 'if (position > bytes.length)',
  },
  {
    file: reader,
    fault: 'a field may stand there twice',
    from: 'if (read !== undefined) throw',
    to: 'if (position < 0) throw',
  },
  {
    file: preparation,
    fault: 'an event gets the value of its neighbour',
    from: 'scanEvent(bytes, at)',
    to: 'scanEvent(bytes, start)',
  },
  { file: validator, fault: 'problems are passed over', from: 'if (problem !== undefined) return problem;', to: '' },
  {
    file: validator,
    fault: 'unknown fields are passed over',
    from: 'default:\n        return refuse(',
    to: 'default:\n        void refuse(',
  },
  {
    file: preparation,
    fault: 'a key may stand there twice',
    from: 'topLevelEntries !== Object.keys(raw.value as object).length',
    to: 'false',
  },
  {
    file: preparation,
    fault: 'the source is kept as the type',
    from: 'index, timestamp, type, source, action });',
    to: 'index, timestamp, type: source, source, action });',
  },
  { file: transcriber, fault: 'keys stay as they came', from: "text.disorder === 'none'", to: 'true' },
  { file: packing, fault: 'a payload is that of its neighbour', from: '    contentAt = to;', to: '' },
  { file: packing, fault: 'any payload is taken for text', from: 'numbers[at + IS_TEXT] === 1', to: 'true' },
  { file: names, fault: 'UTF-8 of names is not checked', from: '!isUtf8(bytes) || ', to: '' },
  {
    file: jsonText,
    fault: 'quotes are not escaped',
    from: 'byte < 0x20 || byte === QUOTE || byte === BACKSLASH',
    to: 'byte < 0x20 || byte === BACKSLASH',
  },
  { file: jsonText, fault: 'UTF-8 is not checked', from: '(met & BEYOND_ASCII) === 0 || ', to: 'true || ' },
  { file: jsonText, fault: 'any double is a number', from: 'Number.isFinite(value)', to: 'true' },
  { file: jsonText, fault: 'integers are not checked', from: 'Number.isSafeInteger(value)', to: 'true' },
  { file: jsonText, fault: 'depth is not checked', from: 'limits.nestingDepth - 1', to: '1e9' },
];

describe('a writer with a fault is caught', () => {
  for (const mutant of mutants) {
    test(`${mutant.file}: ${mutant.fault}`, async (t) => {
      t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
      const modules = {
        ...((await importWith(mutant, preparation)) as Pick<RecordModules, 'prepareRecordBody'>),
        ...((await importWith(mutant, naming)) as Pick<RecordModules, 'nameEvents'>),
      };
      const found = fc.check(recordBodyProperty(modules), { seed, numRuns: canaryRuns.recordBody, endOnFailure: true });
      assert.ok(found.failed, `nothing noticed in ${found.numRuns} runs`);
      t.diagnostic(`caught after ${found.numRuns} runs`);
    });
  }
});

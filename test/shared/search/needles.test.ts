import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'node:test';
import { isMatch } from '../../../shared/search/event-match.ts';
import { Needles } from '../../../shared/search/needles.ts';
import { parseSearchQuery } from '../../../shared/search/search-query.ts';
import { checkProperty } from '../../harness/property.ts';

const mayMatch = (query: string, data: object, names = 'note me') =>
  new Needles(parseSearchQuery(query)).mayMatch(JSON.stringify(data), names);

test('words in a row rule out texts in which they are apart', () => {
  assert.ok(mayMatch('"budget meeting"', { text: 'the Budget (meeting)' }));
  assert.ok(mayMatch('"budget meeting"', { text: 'budgetMeeting' }));
  assert.ok(mayMatch('"budget meeting"', {}, 'budget meeting'));
  assert.ok(!mayMatch('"budget meeting"', { text: 'budget of the meeting' }));
  assert.ok(!mayMatch('"budget meeting"', { text: 'meeting budget' }));
  assert.ok(mayMatch('"budget meeting" OR tea', { text: 'tea' }));
  // Where JSON has escapes, or other letters are, the words decide.
  assert.ok(mayMatch('"budget meeting"', { text: 'budget\nof the meeting' }));
});

test('no event that matches is ruled out', async (t) => {
  const word = fc.constantFrom(
    'budget',
    'Meeting',
    'userName',
    'HTTPServer',
    'a1',
    '42',
    'é',
    'x'.repeat(64),
    'x'.repeat(70),
  );
  const between = fc.constantFrom(' ', '-', '', '. ', '\n', ' of ', '"');
  const text = fc.array(fc.tuple(word, between), { maxLength: 6 }).map((parts) => parts.flat().join(''));
  const phrase = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => `"${words.join(' ')}"`);
  await checkProperty(
    t,
    fc.property(phrase, fc.constantFrom('', 'text:', '-gone '), text, text, (words, before, value, other) => {
      const query = before + words;
      const event = { type: 'note', source: other || 's', data: { text: value, other: 42 } };
      if (!isMatch(parseSearchQuery(query), event)) return;
      assert.ok(mayMatch(query, event.data, `${event.type} ${event.source}`));
    }),
    2_000,
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DaybookError } from '../../../shared/errors.ts';
import { isMatch } from '../../../shared/search/event-match.ts';
import { foundRanges } from '../../../shared/search/found-ranges.ts';
import { parseSearchQuery } from '../../../shared/search/search-query.ts';

const event = {
  type: 'file_op',
  source: 'fs',
  action: 'create',
  data: {
    path: '/Users/someone/report-final.pdf',
    title: 'Budget for the Große Reise — draft 2',
    call: 'getUserName',
    server: { url: 'https://localhost:8080/a?b=c', ok: true },
    tags: ['red', 'green'],
    place: '東京タワー',
  },
};

describe('a search', () => {
  for (const query of [
    'report',
    'REPORT final',
    'report-final.pdf',
    'rep*',
    '"report final"',
    '"final pdf',
    '“final pdf”',
    'getusername',
    'getUserName',
    'UserName',
    'getUs*',
    'user',
    '"get user name"',
    'localhost:8080',
    'title:budget',
    'data.server.url:localhost',
    'server.ok:true',
    'tags:green',
    'action:create',
    'type:file_op',
    'reise -beach',
    'beach OR reise',
    'OR reise',
    'reise OR',
    '京',
    '東京',
    'https://localhost:8080/a?b=c',
    '-beach',
    'reise %',
    '--draft',
    'path:rep*',
    'große',
    'draft -title:report',
  ]) {
    test(`finds ${query}`, () => assert.equal(isMatch(parseSearchQuery(query), event), true));
  }

  for (const query of [
    'beach',
    'final-report.pdf',
    '"report pdf"',
    'port',
    'getusern',
    'reise -draft',
    'reise -"große reise"',
    'title:report',
    'url:green',
    'green blue OR beach',
    '京東',
    '"red green"',
    'ports*',
    'draft -title:draft',
    'path',
  ]) {
    test(`does not find ${query}`, () => assert.equal(isMatch(parseSearchQuery(query), event), false));
  }

  for (const query of ['', ' ', '"', '%', '-', '*', '""', '\0', 'OR', '- -', '-*']) {
    test(`is none: ${JSON.stringify(query)}`, () => {
      if (query === 'OR') assert.throws(() => parseSearchQuery(query), DaybookError);
      else assert.throws(() => parseSearchQuery(query), { code: 'invalid_request' });
    });
  }

  test('is bounded', () => {
    assert.throws(() => parseSearchQuery('x'.repeat(4_097)), { code: 'too_large' });
    assert.throws(() => parseSearchQuery('x '.repeat(65)), { code: 'too_large' });
    assert.doesNotThrow(() => parseSearchQuery('x '.repeat(64)));
  });

  test('shows where it was found', () => {
    const text = 'The Große Reise, a grosse reise, getUserName';
    const at = (query: string) =>
      foundRanges(parseSearchQuery(query), text).map(({ start, end }) => text.slice(start, end));
    assert.deepEqual(at('reise user'), ['Reise', 'reise', 'getUserName']);
    assert.deepEqual(at('"große reise" gr*'), ['Große Reise', 'grosse']);
  });
});

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { readAgentPlist, renderAgentPlist } from '../../launchd/agent-plist.ts';
import { ServiceError } from '../../launchd/service-error.ts';
import { nastyNames } from './nasty-paths.ts';

const noPython = spawnSync('python3', ['-c', 'import plistlib']).status === 0 ? false : 'python3 is not installed';

/** Reads property lists with a parser that shares nothing with the one that wrote them. */
function readWithPython(plists: readonly string[]): unknown {
  const program = `import json, plistlib, sys
print(json.dumps([plistlib.loads(text.encode()) for text in json.load(sys.stdin)]))`;
  return JSON.parse(execFileSync('python3', ['-c', program], { input: JSON.stringify(plists), encoding: 'utf8' }));
}

function expectedPlist(directory: string): Record<string, unknown> {
  return {
    Label: 'dev.daybook.daemon',
    ProgramArguments: [`${directory}/node`, `${directory}/daybook.js`, 'daemon'],
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ProcessType: 'Standard',
    Umask: 63,
    SoftResourceLimits: { NumberOfFiles: 8192 },
    HardResourceLimits: { NumberOfFiles: 8192 },
    StandardOutPath: `${directory}/logs/daemon.out.log`,
    StandardErrorPath: `${directory}/logs/daemon.err.log`,
  };
}

function definitionIn(directory: string, environment: Record<string, string> = {}) {
  return {
    nodePath: `${directory}/node`,
    scriptPath: `${directory}/daybook.js`,
    socketPath: `${directory}/daybook.sock`,
    logDirectory: `${directory}/logs`,
    environment,
  };
}

describe('renderAgentPlist', () => {
  test('has exactly these keys', { skip: noPython }, () => {
    assert.deepEqual(readWithPython([renderAgentPlist(definitionIn('/Users/a'))]), [expectedPlist('/Users/a')]);
  });

  test('keeps every character of paths and variables', { skip: noPython }, () => {
    const directories = nastyNames.map((name) => `/Users/a/${name}`);
    const plists = directories.map((directory) =>
      renderAgentPlist(definitionIn(directory, { DAYBOOK_HOME: directory })),
    );
    assert.deepEqual(
      readWithPython(plists),
      directories.map((directory) => ({
        ...expectedPlist(directory),
        EnvironmentVariables: { DAYBOOK_HOME: directory },
      })),
    );
  });

  test('numbers are integers, and the document is Apple’s', () => {
    const plist = renderAgentPlist(definitionIn('/Users/a'));
    assert.match(
      plist,
      /^<\?xml version="1.0" encoding="UTF-8"\?>\s*<!DOCTYPE plist PUBLIC "-\/\/Apple\/\/DTD PLIST 1.0/u,
    );
    assert.match(plist, /<key>Umask<\/key>\s*<integer>63<\/integer>/u);
    assert.equal(plist.match(/<key>NumberOfFiles<\/key>\s*<integer>8192<\/integer>/gu)?.length, 2);
    assert.ok(plist.endsWith('</plist>\n'));
  });

  const refused: [what: string, definition: ReturnType<typeof definitionIn>][] = [
    ['a relative directory', definitionIn('Users/a')],
    ['a control character', definitionIn('/Users/\u0001')],
    ['a line break', definitionIn('/Users/a\nb')],
    ['half a surrogate pair', definitionIn('/Users/\ud83d')],
    ['a control character in a variable', definitionIn('/Users/a', { DAYBOOK_HOME: '/a\u007fb' })],
    ['a variable name with a space', definitionIn('/Users/a', { 'A B': 'c' })],
  ];
  for (const [what, definition] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => renderAgentPlist(definition),
        (error) => error instanceof ServiceError && error.code === 'invalid_definition',
      );
    });
  }
});

describe('readAgentPlist', () => {
  test('gives each top-level key as JSON', () => {
    const settings = readAgentPlist(renderAgentPlist(definitionIn('/Users/a & b')));
    assert.deepEqual(
      Object.fromEntries([...settings].map(([key, value]) => [key, JSON.parse(value)])),
      expectedPlist('/Users/a & b'),
    );
  });

  for (const text of ['', 'not xml', '<plist version="1.0"><array/></plist>', '<plist version="1.0"><dict>']) {
    test(`throws for ${JSON.stringify(text)}`, () => {
      assert.throws(() => readAgentPlist(text));
    });
  }
});

/** The shape of the source tree, and that the checker would notice if it were otherwise. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILE_LINES_MAX, violations, type Finding } from './structure/rules.ts';
import { sourceFile, type SourceFile } from './structure/source-file.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const HEADER = '/** What it is. */\n';

/** Every TypeScript and JavaScript file below `part`. */
function sourcesBelow(part: string): SourceFile[] {
  return readdirSync(join(repository, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return sourceFile(relative(repository, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
    });
}

function describeFindings(findings: readonly Finding[]): string {
  return findings.map(({ path, line, problem }) => `${path}:${line} ${problem}`).join('\n');
}

/** Line and problem of each violation in a made-up file. */
function problemsOf(path: string, text: string): string[] {
  return violations(sourceFile(path, text)).map(({ line, problem }) => `${line} ${problem}`);
}

/** The same below a header, which is line 1. */
function problemsIn(path: string, body: string): string[] {
  return problemsOf(path, `${HEADER}${body}`);
}

describe('the source tree', () => {
  for (const part of ['crdt', 'net', 'src', 'test']) {
    it(`${part}/ keeps the rules of CONTRIBUTING.md`, () => {
      const sources = sourcesBelow(part);
      assert.ok(sources.length > 0, `${part}/ holds no source: is this the right folder?`);
      const findings = sources.flatMap(violations);
      assert.ok(findings.length === 0, `\n${describeFindings(findings)}`);
    });
  }
});

describe('the checker of the source tree', () => {
  it('finds imports against the direction src → net → crdt, in every form of import', () => {
    const cases: [string, string, string][] = [
      ['crdt/a.ts', "import { b } from '../net/b.ts';", '2 imports ../net/b.ts: crdt/ may import of crdt/ only'],
      ['crdt/a/b.ts', "export * from '../../src/c.ts';", '2 imports ../../src/c.ts: crdt/ may import of crdt/ only'],
      ['crdt/a.ts', "import type { B } from '../test/b.ts';", '2 imports ../test/b.ts: crdt/ may import of crdt/ only'],
      ['net/a.ts', "import '../src/b.ts';", '2 imports ../src/b.ts: net/ may import of net/, crdt/ only'],
      [
        'net/a.ts',
        "const b = await import('../src/b.ts');",
        '2 imports ../src/b.ts: net/ may import of net/, crdt/ only',
      ],
      [
        'src/a.ts',
        "import { b } from '../test/b.ts';",
        '2 imports ../test/b.ts: src/ may import of src/, net/, crdt/ only',
      ],
      [
        'src/a.ts',
        "\nimport {\n  b,\n} from '../scripts/b.ts';",
        '5 imports ../scripts/b.ts: src/ may import of src/, net/, crdt/ only',
      ],
      ['crdt/a.ts', "import { readFile } from 'node:fs';", '2 imports node:fs: crdt/ is pure'],
    ];
    for (const [path, body, expected] of cases) assert.deepEqual(problemsIn(path, body), [expected]);
  });

  it('allows the other direction, packages, and words that only look like imports', () => {
    assert.deepEqual(problemsIn('src/a.ts', "import { b } from '../net/b.ts';\nimport c from '../crdt/c.ts';"), []);
    assert.deepEqual(problemsIn('net/a.ts', "import { b } from '../crdt/b.ts';\nimport 'node:fs';"), []);
    assert.deepEqual(problemsIn('crdt/a.ts', "import { b } from '@noble/hashes/utils.js';"), []);
    assert.deepEqual(problemsIn('test/a.ts', "import { b } from '../src/b.ts';"), []);
    assert.deepEqual(problemsIn('crdt/a.ts', "// from '../net/b.ts'\nconst from = ['../net/b.ts'];"), []);
  });

  it('finds time, chance and the machine in crdt/, on their lines', () => {
    const body = [
      'const now = Date.now();',
      'const chance = Math.random();',
      'setTimeout(() => {}, 1); setInterval(() => {}, 1);',
      'const { env } = process;',
      'const text = `at ${performance.now()} or ${`${fetch}`}`;',
      'const when = ready ? Date : undefined;',
    ].join('\n');
    assert.deepEqual(problemsIn('crdt/a.ts', body), [
      '2 uses Date.now: crdt/ is pure',
      '3 uses Math.random: crdt/ is pure',
      '4 uses setTimeout: crdt/ is pure',
      '4 uses setInterval: crdt/ is pure',
      '5 uses process: crdt/ is pure',
      '6 uses performance: crdt/ is pure',
      '6 uses fetch: crdt/ is pure',
      '7 uses Date: crdt/ is pure',
    ]);
  });

  it('finds time and chance that were not given in net/ and src/, save where the real ones are made', () => {
    const body = [
      'const now = Date.now();',
      'const chance = Math.random();',
      'const signal = AbortSignal.timeout(1);',
      'setTimeout(() => {}, 1);',
      "import { setTimeout as pause } from 'node:timers/promises';",
      'const text = new Date(wallMs).toISOString() + process.title;',
    ].join('\n');
    const reason = 'outside src/node/ time and chance are arguments';
    const expected = [
      `6 imports node:timers/promises: ${reason}`,
      `2 uses Date.now: ${reason}`,
      `3 uses Math.random: ${reason}`,
      `4 uses AbortSignal.timeout: ${reason}`,
      `5 uses setTimeout: ${reason}`,
      `6 uses setTimeout: ${reason}`,
    ];
    for (const path of ['net/a.ts', 'src/gossip/a.ts']) assert.deepEqual(problemsIn(path, body), expected);
    for (const path of ['src/node/a.ts', 'src/dashboard/page/browser.ts', 'test/a.ts'])
      assert.deepEqual(problemsIn(path, body), []);
  });

  it('is not misled by comments, strings, templates, regular expressions and members', () => {
    const body = [
      '// Date.now() and Math.random()',
      '/* setTimeout(process) */',
      "const text = 'Date.now() // no comment' + `process ${1 + 1} fetch`;",
      'const pattern = /Date.now\\(["\'`]/; const half = text.length / 2 / 1;',
      'const member = text.process + block.fetch?.performance;',
      'const random = (Mathematics.random, { Date: 1, fetch: 2 });',
      'interface Read { readonly process: string; fetch: number }',
    ].join('\n');
    assert.deepEqual(problemsIn('crdt/a.ts', body), []);
    assert.deepEqual(problemsIn('crdt/a.ts', `${body}\nDate;`), ['9 uses Date: crdt/ is pure']);
  });

  it('finds a file that does not say what it is', () => {
    const missing = ['1 does not open with a block comment that says what it is'];
    assert.deepEqual(problemsOf('crdt/a.ts', 'export const a = 1;\n/** Late. */\n'), missing);
    assert.deepEqual(problemsOf('src/a.ts', '// A line comment.\n'), missing);
    assert.deepEqual(problemsOf('net/a.ts', ''), missing);
    assert.deepEqual(problemsOf('src/a.js', '#!/usr/bin/env node\n/** A command. */\n'), []);
  });

  it(`takes a file of ${FILE_LINES_MAX} lines, and finds one of a line more`, () => {
    assert.deepEqual(problemsIn('src/a.ts', '\n'.repeat(FILE_LINES_MAX - 1)), []);
    const tooLong = `${FILE_LINES_MAX + 1} has ${FILE_LINES_MAX + 1} lines, more than ${FILE_LINES_MAX}`;
    assert.deepEqual(problemsIn('src/a.ts', '\n'.repeat(FILE_LINES_MAX)), [tooLong]);
    assert.deepEqual(problemsIn('src/a.ts', `${'\n'.repeat(FILE_LINES_MAX - 1)}last();`), [tooLong]);
  });

  it('finds names that say nothing', () => {
    for (const name of ['utils.ts', 'peer-manager.ts', 'common.test.ts', 'helpers.ts']) {
      assert.equal(problemsIn(`test/${name}`, '').length, 1, name);
    }
    for (const name of ['utilisation.ts', 'uncommon.ts']) assert.deepEqual(problemsIn(`src/${name}`, ''), []);
  });
});

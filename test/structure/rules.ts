/**
 * The rules on the shape of the source tree (`CONTRIBUTING.md`), each a function from one file to its violations.
 *
 * Invariant: a finding names the file and the line, so that a failing run says where to look.
 */

import { posix } from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import type { SourceFile, Token } from './source-file.ts';

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
}

export const FILE_LINES_MAX = 400;

/** What each part may import of the project. Whatever is not listed imports freely. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ['crdt', ['crdt']],
  ['net', ['net', 'crdt']],
  ['src', ['src', 'net', 'crdt']],
]);
/** Folders that hold code. Of other things, such as `package.json`, any part may import. */
const PARTS: ReadonlySet<string> = new Set(['crdt', 'net', 'src', 'test', 'scripts', 'examples']);

/** The one place that makes real clocks and real chance; all other code is given them, so that the simulator can be. */
const REAL_CLOCK_FOLDER = 'src/node/';
/** The same for the dashboard's page, which runs in a browser. */
const BROWSER_CLOCK_FILE = 'src/dashboard/page/browser.ts';
const AMBIENT_NAMES = ['performance', 'setTimeout', 'setInterval', 'setImmediate'];
const AMBIENT_MEMBERS: ReadonlySet<string> = new Set(['Date.now', 'Math.random', 'AbortSignal.timeout']);
const AMBIENT_MODULES: ReadonlySet<string> = new Set(['node:timers', 'node:timers/promises', 'node:perf_hooks']);

interface NameRule {
  readonly names: ReadonlySet<string>;
  readonly reason: string;
}

/** Names that reach the clock, chance, the machine or the network without being given them. */
const PURE: NameRule = {
  names: new Set([
    ...AMBIENT_NAMES,
    'Date',
    'Temporal',
    'queueMicrotask',
    'crypto',
    'process',
    'console',
    'fetch',
    'globalThis',
  ]),
  reason: 'crdt/ is pure',
};
const GIVEN: NameRule = {
  names: new Set(AMBIENT_NAMES),
  reason: `outside ${REAL_CLOCK_FOLDER} time and chance are arguments`,
};

const VAGUE_NAMES: ReadonlySet<string> = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'manager',
  'managers',
]);

export function violations(file: SourceFile): Finding[] {
  if (!MAY_IMPORT.has(partOf(file.path))) return nameFindings(file);
  return [nameFindings, headerFindings, lengthFindings, importFindings, ambientFindings].flatMap((rule) => rule(file));
}

function partOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function headerFindings({ path, text }: SourceFile): Finding[] {
  const afterShebang = text.startsWith('#!') ? text.slice(text.indexOf('\n') + 1) : text;
  if (afterShebang.startsWith('/**')) return [];
  return [{ path, line: 1, problem: 'does not open with a block comment that says what it is' }];
}

function lengthFindings({ path, text }: SourceFile): Finding[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines <= FILE_LINES_MAX) return [];
  return [{ path, line: FILE_LINES_MAX + 1, problem: `has ${lines} lines, more than ${FILE_LINES_MAX}` }];
}

function nameFindings({ path }: SourceFile): Finding[] {
  const vague = posix
    .basename(path)
    .split(/[-.]/)
    .find((word) => VAGUE_NAMES.has(word));
  return vague === undefined ? [] : [{ path, line: 1, problem: `is named "${vague}", which says nothing` }];
}

function importFindings({ path, tokens }: SourceFile): Finding[] {
  const part = partOf(path);
  const allowed = MAY_IMPORT.get(part);
  if (allowed === undefined) return [];
  return importsOf(tokens).flatMap(({ specifier, line }) => {
    const target = specifier.startsWith('.') ? partOf(posix.join(posix.dirname(path), specifier)) : undefined;
    if (target !== undefined && PARTS.has(target) && !allowed.includes(target)) {
      return [{ path, line, problem: `imports ${specifier}: ${part}/ may import of ${allowed.join('/, ')}/ only` }];
    }
    const rule = nameRuleFor(path);
    const banned = rule === PURE ? specifier.startsWith('node:') : AMBIENT_MODULES.has(specifier);
    return banned && rule !== undefined ? [{ path, line, problem: `imports ${specifier}: ${rule.reason}` }] : [];
  });
}

/** Static, re-exporting, side-effect and dynamic imports of a literal specifier. */
function importsOf(tokens: readonly Token[]): { specifier: string; line: number }[] {
  return tokens.flatMap(({ kind, text, line }, at) => {
    if (kind !== SyntaxKind.StringLiteral && kind !== SyntaxKind.NoSubstitutionTemplateLiteral) return [];
    const [before, previous] = [tokens[at - 2]?.kind, tokens[at - 1]?.kind];
    const imported =
      previous === SyntaxKind.FromKeyword ||
      previous === SyntaxKind.ImportKeyword ||
      (previous === SyntaxKind.OpenParenToken && before === SyntaxKind.ImportKeyword);
    return imported ? [{ specifier: text.slice(1, -1), line }] : [];
  });
}

/** What the file at `path` may not reach for; undefined where the real clocks are made. */
function nameRuleFor(path: string): NameRule | undefined {
  if (path.startsWith(REAL_CLOCK_FOLDER) || path === BROWSER_CLOCK_FILE) return undefined;
  return partOf(path) === 'crdt' ? PURE : GIVEN;
}

function ambientFindings({ path, tokens }: SourceFile): Finding[] {
  const rule = nameRuleFor(path);
  if (rule === undefined) return [];
  return tokens.flatMap(({ kind, text, line }, at) => {
    if (kind !== SyntaxKind.Identifier) return [];
    const [previous, next, afterNext] = [tokens[at - 1]?.kind, tokens[at + 1], tokens[at + 2]];
    const isMember = previous === SyntaxKind.DotToken || previous === SyntaxKind.QuestionDotToken;
    const isUsed = !isMember && !isDeclaredName(previous, next?.kind);
    const member = next?.kind === SyntaxKind.DotToken ? `${text}.${afterNext?.text}` : undefined;
    const name = member !== undefined && AMBIENT_MEMBERS.has(member) ? member : text;
    if (!isUsed || !(name === member || rule.names.has(name))) return [];
    return [{ path, line, problem: `uses ${name}: ${rule.reason}` }];
  });
}

/** Whether a name between these tokens is a property or a parameter, `{ name: …`, and no use of the global. */
function isDeclaredName(previous: SyntaxKind | undefined, next: SyntaxKind | undefined): boolean {
  if (next !== SyntaxKind.ColonToken || previous === undefined) return false;
  return (
    previous === SyntaxKind.OpenBraceToken ||
    previous === SyntaxKind.OpenParenToken ||
    previous === SyntaxKind.CommaToken ||
    previous === SyntaxKind.SemicolonToken ||
    previous === SyntaxKind.ReadonlyKeyword
  );
}

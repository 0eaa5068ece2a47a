/**
 * A source file as the structure rules see it: its path in the repository, its text and its tokens. Comments are not
 * tokens, and what stands in a string, a template or a regular expression is one token that is no identifier.
 */

import { createScanner, SyntaxKind } from 'typescript/unstable/ast';

export interface Token {
  readonly kind: SyntaxKind;
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

export interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** After these a slash divides; after anything else it begins a regular expression. */
const OPERAND_ENDS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.Identifier,
  SyntaxKind.PrivateIdentifier,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateTail,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
  SyntaxKind.ThisKeyword,
  SyntaxKind.SuperKeyword,
  SyntaxKind.NullKeyword,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
]);

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, tokens: tokensOf(text) };
}

function tokensOf(text: string): Token[] {
  const scanner = createScanner(true);
  scanner.setText(text);
  const tokens: Token[] = [];
  // Open braces, outermost first; true for one that a template's `${` opened.
  const braces: boolean[] = [];
  let line = 1;
  let counted = 0;
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
    const previous = tokens.at(-1)?.kind;
    const slash = kind === SyntaxKind.SlashToken || kind === SyntaxKind.SlashEqualsToken;
    if (slash && (previous === undefined || !OPERAND_ENDS.has(previous))) kind = scanner.reScanSlashToken();
    if (kind === SyntaxKind.CloseBraceToken && braces.pop() === true) {
      kind = scanner.reScanTemplateToken(false);
      if (kind === SyntaxKind.TemplateMiddle) braces.push(true);
    }
    if (kind === SyntaxKind.TemplateHead) braces.push(true);
    if (kind === SyntaxKind.OpenBraceToken) braces.push(false);

    const start = scanner.getTokenStart();
    line += text.slice(counted, start).split('\n').length - 1;
    counted = start;
    tokens.push({ kind, text: scanner.getTokenText(), line });
  }
  return tokens;
}

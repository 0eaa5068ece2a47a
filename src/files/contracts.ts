/**
 * `contracts.txt`: JSON Lines, appended to by several programs. The reference writes a line and its newline in two calls, so
 * a crash leaves a torn line or one without its newline, and the next append is then glued to it; its reader refuses the
 * whole file for one such line.
 *
 * Invariant: every line that comes out was verified against its hash, and has the text it had in the file: numbers in a
 * jump table never pass through a JavaScript number. A torn or glued line costs no other.
 */

import { DriftlockError } from '../../crdt/errors.ts';
import type { Hash32 } from '../../crdt/ids.ts';
import { verifyContractLine } from './contract-line.ts';
import { checkFileSize, FileError } from './file-error.ts';
import { CONTRACTS_FILE } from './file-names.ts';

export const CONTRACTS_FILE_BYTES_MAX = 256 * 1024 * 1024;

/** How every whole line begins. Within JSON that is no line, it can only be the start of a line that was glued on. */
const LINE_START = '["0x';
const NEWLINE = 0x0a;

export interface ContractLine {
  readonly hash: Hash32;
  /** The line as it is in the file, without its newline. */
  readonly text: string;
  /** Where it starts, in bytes. */
  readonly offset: number;
}

export interface BadLine {
  /** Counted from 1. */
  readonly lineNumber: number;
  readonly offset: number;
  readonly lengthBytes: number;
  readonly code: string;
  /** One line that names the file, the line, what was expected and what was found. */
  readonly reason: string;
}

export interface TornLine {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Contracts {
  readonly lines: readonly ContractLine[];
  /** Lines that do not verify, and torn ones that another line was glued to. The torn tail is not among them. */
  readonly bad: readonly BadLine[];
  /** A last line that was cut off: no newline ends it and it is no JSON. */
  readonly tornTail: TornLine | undefined;
  /** Of `lines`, those that stand right behind another one, without a newline between them. */
  readonly glued: readonly ContractLine[];
  /** The file ends with a line that misses its newline. */
  readonly isUnended: boolean;
}

/** Reads and verifies all of `contracts.txt`. Bad lines are reported, never thrown; only `ERR_OVER_LIMIT` is. */
export function parseContracts(bytes: Uint8Array, name: string = CONTRACTS_FILE): Contracts {
  checkFileSize(name, bytes.length, CONTRACTS_FILE_BYTES_MAX);
  const lines: ContractLine[] = [];
  const bad: BadLine[] = [];
  const glued: ContractLine[] = [];
  let tornTail: TornLine | undefined;
  let isUnended = false;
  let lineNumber = 0;
  for (let start = 0; start < bytes.length;) {
    lineNumber++;
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const parts = readLine(bytes.subarray(start, end), start, `${name} line ${lineNumber}`);
    let last: Part['kind'] | undefined;
    for (const part of parts) {
      const { offset } = part;
      const lengthBytes = part.bytes.length;
      const isTail = offset + lengthBytes === bytes.length;
      if (part.kind === 'verified') {
        lines.push(part.line);
        if (last === 'verified') glued.push(part.line);
        isUnended = isTail;
      } else if (part.kind === 'torn' && isTail) tornTail = { offset, bytes: part.bytes };
      else if (part.kind === 'torn' && parts.length > 1) {
        bad.push({ lineNumber, offset, lengthBytes, ...tornFailure(part, `${name} line ${lineNumber}`) });
      } else bad.push({ lineNumber, offset, lengthBytes, ...part.failure });
      last = part.kind;
    }
    start = end + 1;
  }
  return { lines, bad, tornTail, glued, isUnended };
}

interface Failure {
  readonly code: string;
  readonly reason: string;
}

/** What one program appended, as far as it got. */
type Part = { readonly offset: number; readonly bytes: Uint8Array } & (
  | { readonly kind: 'verified'; readonly line: ContractLine }
  | { readonly kind: 'torn' | 'refused'; readonly failure: Failure }
);

/** The parts of what lies between two newlines: one, unless it is no JSON and holds a whole line; none when it is blank. */
function readLine(line: Uint8Array, offset: number, argument: string): readonly Part[] {
  if (isBlank(line)) return [];
  const whole = readPart(line, offset, argument);
  if (whole.kind !== 'torn') return [whole];
  const parts = lineStarts(line).map((start, index, starts) =>
    readPart(line.subarray(start, starts[index + 1]), offset + start, argument),
  );
  return parts.some(({ kind }) => kind === 'verified') ? parts : [whole];
}

function readPart(bytes: Uint8Array, offset: number, argument: string): Part {
  try {
    const hash = verifyContractLine(bytes, argument);
    return { kind: 'verified', offset, bytes, line: { hash, text: bufferOf(bytes).toString('utf8'), offset } };
  } catch (error) {
    if (!(error instanceof DriftlockError)) throw error;
    const kind = error.code === 'ERR_NOT_JSON' ? 'torn' : 'refused';
    return { kind, offset, bytes, failure: { code: error.code, reason: error.message } };
  }
}

/** Where parts of `line` can start: at its beginning, and wherever a line seems to. */
function lineStarts(line: Uint8Array): readonly number[] {
  const buffer = bufferOf(line);
  const starts = [0];
  for (let at = buffer.indexOf(LINE_START, 1); at !== -1; at = buffer.indexOf(LINE_START, at + 1)) starts.push(at);
  return starts;
}

function tornFailure(part: Part, argument: string): Failure {
  const found = `${part.bytes.length} bytes of a torn line beside a whole one`;
  const { code, message } = new FileError('ERR_TORN_LINE', { argument, expected: 'one line', found });
  return { code, reason: message };
}

/** Readers of the reference pass over lines of white space. */
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** The same memory as a Buffer. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The one shape of an expected failure: a stable code, the argument or file it is about, what was expected there and
 * what arrived. Callers branch on `code`, people read `message`; nothing ever matches on the text.
 */

export interface FailureDetail {
  /** What the failure is about: an argument, a flag, a file path, a field of a message. */
  readonly argument: string;
  /** What would have been accepted, as words that follow "expected". */
  readonly expected: string;
  /** What arrived instead, as words that follow "found". */
  readonly found: string;
}

/** An expected failure. Each part of driftlock narrows `Code` to the literals it can raise. */
export class DriftlockError<Code extends string = string> extends Error {
  override readonly name: string = 'DriftlockError';
  readonly code: Code;
  readonly argument: string;
  readonly expected: string;
  readonly found: string;

  constructor(code: Code, detail: FailureDetail, options?: ErrorOptions) {
    super(`${detail.argument}: expected ${detail.expected}, found ${detail.found}`, options);
    this.code = code;
    this.argument = detail.argument;
    this.expected = detail.expected;
    this.found = detail.found;
  }
}

export type DecodeCode =
  | 'ERR_TRUNCATED'
  | 'ERR_TRAILING_BYTES'
  | 'ERR_OUT_OF_RANGE'
  | 'ERR_OVER_LIMIT'
  | 'ERR_NOT_CANONICAL'
  | 'ERR_BAD_LENGTH'
  | 'ERR_BAD_ENUM'
  | 'ERR_BAD_CHECKSUM'
  | 'ERR_BAD_MAGIC'
  | 'ERR_BAD_TEXT'
  | 'ERR_UNKNOWN_VERSION';

/** Bytes that are not what they should be. `argument` names the field, `offset` is where it starts, in bytes. */
export class DecodeError extends DriftlockError<DecodeCode> {
  override readonly name = 'DecodeError';
  readonly offset: number;

  constructor(code: DecodeCode, detail: FailureDetail & { readonly offset: number }, options?: ErrorOptions) {
    super(code, { ...detail, argument: `${detail.argument} at byte ${detail.offset}` }, options);
    this.offset = detail.offset;
  }
}

/** Whether `error` is an expected failure with one of `codes` (any code when none is given). */
export function isFailure<Code extends string>(error: unknown, ...codes: Code[]): error is DriftlockError<Code> {
  return error instanceof DriftlockError && (codes.length === 0 || codes.some((code) => code === error.code));
}

/** Anything that was thrown as words for a person. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything that was thrown as an `Error`. */
export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Numbers and paths in flags. Each failure names the flag, what it takes and what it was given. */

import { resolve } from 'node:path';
import { describeText } from '../../crdt/ids.ts';
import { UsageError } from './exit-codes.ts';

const DIGITS = /^[0-9]{1,16}$/;
const DECIMAL = /^[0-9]{1,16}(\.[0-9]{1,9})?$/;

/** An integer in 1…`max`. */
export function parseCount(text: string, flag: string, max: number): number {
  const value = DIGITS.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new UsageError(flag, `an integer from 1 to ${max}`, describeText(text));
}

/** A block number: an integer in 0…2^53 − 1. */
export function parseBlockNumber(text: string, flag: string): number {
  const value = DIGITS.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(flag, 'a block number', describeText(text));
}

/** Seconds, more than 0 and at most `max`; fractions are allowed. */
export function parseSeconds(text: string, flag: string, max: number): number {
  const value = DECIMAL.test(text) ? Number(text) : 0;
  if (value > 0 && value <= max) return value;
  throw new UsageError(flag, `seconds, more than 0 and at most ${max}`, describeText(text));
}

/** An absolute path; undefined where the flag was not given. An empty one would be the working directory, which nobody meant. */
export function parsePath(text: string | undefined, flag: string, expected: string): string | undefined {
  if (text === '') throw new UsageError(flag, expected, 'an empty path');
  return text === undefined ? undefined : resolve(text);
}

/** Numbers and paths in flags. Each failure names the flag, what it takes and what it was given. */

import { resolve } from 'node:path';
import { describeText } from '../../crdt/ids.ts';
import { DEFAULT_RPC_PORT } from '../rpc/host-port.ts';
import { UsageError } from './exit-codes.ts';

/** Where `driftlock run --rpc` of the examples answers. */
export const DEFAULT_RPC_URL = `http://127.0.0.1:${DEFAULT_RPC_PORT}`;

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

/** Of a node's RPC server: http or https. */
export function parseRpcUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError('--rpc', `a URL such as ${DEFAULT_RPC_URL}`, describeText(text));
  }
  // What stands in a URL ends in logs; no node asks for it.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('--rpc', `a URL such as ${DEFAULT_RPC_URL}`, 'one with a user name or password');
  }
  return url;
}

/** For a flag that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** JSON that arrived: parsed into `unknown`, its fields taken out one by one, each failure naming file and field. */

import { describeText, hash32, type Hash32 } from '../../crdt/ids.ts';
import { FileError } from './file-error.ts';

/** A JSON object whose fields are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON value in `bytes`. Throws `ERR_NOT_JSON` when they are not UTF-8 or not JSON. */
export function parseJson(bytes: Uint8Array, argument: string): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FileError(
      'ERR_NOT_JSON',
      { argument, expected: 'JSON', found: `${bytes.length} bytes, not UTF-8` },
      { cause },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError('ERR_NOT_JSON', { argument, expected: 'JSON', found: describeText(text) }, { cause });
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An integer in 0…`max`. Throws `ERR_BAD_FIELD` when it is missing or no integer, `ERR_OUT_OF_RANGE` beyond. */
export function integerField(object: JsonObject, field: string, argument: string, max: number): number {
  const value = object[field];
  if (typeof value !== 'number' || !Number.isInteger(value)) throw badField(value, field, argument, 'an integer');
  if (value < 0 || value > max) {
    throw new FileError('ERR_OUT_OF_RANGE', {
      argument: `${argument}: ${field}`,
      expected: `0…${max}`,
      found: `${value}`,
    });
  }
  return value;
}

/** Throws `ERR_BAD_FIELD` when it is missing or no string. */
export function textField(object: JsonObject, field: string, argument: string): string {
  const value = object[field];
  if (typeof value !== 'string') throw badField(value, field, argument, 'a string');
  return value;
}

/** Throws `ERR_BAD_FIELD` when it is missing or no string, `ERR_BAD_HASH` when it is no hash. */
export function hashField(object: JsonObject, field: string, argument: string): Hash32 {
  return hash32(textField(object, field, argument), `${argument}: ${field}`);
}

/** What arrived, in few words: the value of a scalar, the type of anything else. */
export function describeJson(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return describeText(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return isJsonObject(value) ? 'an object' : JSON.stringify(value);
}

function badField(value: unknown, field: string, argument: string, expected: string): FileError {
  return new FileError('ERR_BAD_FIELD', { argument: `${argument}: ${field}`, expected, found: describeJson(value) });
}

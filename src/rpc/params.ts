/** Params of the methods that are driftlock's own: objects, or their values in order. */

import { z } from 'zod';
import { isHash32, type Hash32 } from '../../crdt/ids.ts';
import { isJsonObject } from '../files/json.ts';
import { INVALID_PARAMS, RpcError } from './json-rpc.ts';

export const hashParam = z
  .string()
  .toLowerCase()
  .pipe(z.custom<Hash32>((text) => typeof text === 'string' && isHash32(text), '0x and 64 hex digits'));

/** Params by name, or in the order of the schema's names; a null leaves an optional one out. */
export function parseParams<Schema extends z.ZodObject>(schema: Schema, params: unknown): z.output<Schema> {
  const names = Object.keys(schema.shape);
  const given = Array.isArray(params) ? byPosition(params, names) : (params ?? {});
  const named = isJsonObject(given)
    ? Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
    : given;
  const parsed = schema.safeParse(named);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidParams(`${issue?.path.join('.') || 'params'}: ${issue?.message ?? 'malformed'}`);
}

function byPosition(values: readonly unknown[], names: readonly string[]): object {
  if (values.length > names.length) {
    throw invalidParams(`expected at most ${names.length} (${names.join(', ')}), found ${values.length}`);
  }
  return Object.fromEntries(values.map((value, at) => [names[at], value]));
}

export function invalidParams(message: string): RpcError {
  return new RpcError(INVALID_PARAMS, `invalid params: ${message}`);
}

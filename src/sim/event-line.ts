/**
 * A node's event as a line of the trace: short enough for people to follow a run, complete enough that two runs with
 * the same lines went the same way.
 */

import { blockId, type BlockKey } from '../../crdt/ids.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { NodeEvent } from '../node/events.ts';

/** Hex digits of a hash that tell it from the others of a run. */
const HASH_DIGITS = 8;

/** `nameOf`: a machine's name by its node id; other texts are returned as they are. */
export function eventLine(event: NodeEvent, nameOf: (text: string) => string): string {
  let line: string = event.type;
  for (const [field, value] of Object.entries(event)) {
    if (field !== 'type' && value !== undefined) line += ` ${field}=${valueText(value, nameOf)}`;
  }
  return line;
}

/** `1026.0xf320e5e2` */
export function shortBlock(key: BlockKey): string {
  return blockId(key).slice(0, `${key.number}.0x`.length + HASH_DIGITS);
}

function valueText(value: unknown, nameOf: (text: string) => string): string {
  if (typeof value === 'string') return value.startsWith('0x') ? value.slice(0, 2 + HASH_DIGITS) : nameOf(value);
  if (isFailure(value)) return value.message;
  if (value instanceof Error) return value.message;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `[${value.map((entry) => valueText(entry, nameOf)).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (isBlockKey(value)) return shortBlock(value);
  const fields = Object.entries(value).map(([field, inner]) => `${field}=${valueText(inner, nameOf)}`);
  return `{${fields.join(' ')}}`;
}

function isBlockKey(value: object): value is BlockKey {
  return 'number' in value && 'hash' in value;
}

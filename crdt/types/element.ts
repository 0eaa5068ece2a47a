/**
 * What sets, maps and registers hold: values with an identity, an order and one encoding.
 *
 * Invariant: two values have the same `key` exactly when they have the same encoding, so the code unit order of keys is
 * a canonical order of the values.
 */

import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import type { Hash32, NodeId } from '../ids.ts';
import { CrdtError } from './crdt-error.ts';

export interface ElementCodec<T> {
  readonly write: (writer: Writer, value: T) => void;
  readonly read: (reader: Reader, field: string) => T;
  /** The identity of `value`: equal for equal values only. Elements are ordered by it, by code units. */
  readonly key: (value: T) => string;
}

/** The longest text element, in bytes of UTF-8. */
export const TEXT_ELEMENT_BYTES_MAX = 4096;

/** Text of at most {@link TEXT_ELEMENT_BYTES_MAX}. Writing throws `ERR_OVER_LIMIT`, or `ERR_BAD_TEXT` on a lone surrogate. */
export const textElement: ElementCodec<string> = {
  write(writer, value) {
    if (!value.isWellFormed()) {
      throw new CrdtError('ERR_BAD_TEXT', {
        argument: 'text element',
        expected: 'well-formed Unicode',
        found: 'half of a surrogate pair',
      });
    }
    const bytes = new TextEncoder().encode(value);
    if (bytes.length > TEXT_ELEMENT_BYTES_MAX) {
      throw new CrdtError('ERR_OVER_LIMIT', {
        argument: 'text element',
        expected: `at most ${TEXT_ELEMENT_BYTES_MAX} bytes`,
        found: `${bytes.length}`,
      });
    }
    writer.bytes(bytes);
  },
  read: (reader, field) => reader.text(field, TEXT_ELEMENT_BYTES_MAX),
  key: (value) => value,
};

export const nodeElement: ElementCodec<NodeId> = {
  write: (writer, value) => void writer.node(value),
  read: (reader, field) => reader.node(field),
  key: (value) => value,
};

export const hashElement: ElementCodec<Hash32> = {
  write: (writer, value) => void writer.hash(value),
  read: (reader, field) => reader.hash(field),
  key: (value) => value,
};

/** The version that every message begins with. */

import type { Reader } from '../../crdt/codec/reader.ts';

/** Throws `ERR_UNKNOWN_VERSION` unless the next byte is `version`. */
export function readVersion(reader: Reader, what: string, version: number): void {
  const start = reader.offset;
  const found = reader.u8(`${what} version`);
  if (found === version) return;
  throw reader.fail('ERR_UNKNOWN_VERSION', `${what} version`, `${version}`, `${found}`, start);
}

/** Every truncation of some bytes, and every one of them with a bit flipped: what a decoder must survive. */

import assert from 'node:assert/strict';
import { DecodeError } from '../../crdt/errors.ts';

export function* truncationsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length);
}

export function* flipsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      yield flipped;
    }
  }
}

/** Fails unless `decode` throws a `DecodeError` for every truncation, and for every flip does so or decodes another value. */
export function assertSurvivesSpoiling(bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  const original = decode(bytes);
  for (const truncated of truncationsOf(bytes)) assert.throws(() => decode(truncated), DecodeError);
  for (const flipped of flipsOf(bytes)) {
    try {
      assert.notDeepEqual(decode(flipped), original);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}

/** The error that `run` throws, if it is a `DecodeError` with `code`; fails otherwise. */
export function assertDecodeFails(run: () => unknown, code: DecodeError['code'], field: string): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof DecodeError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.argument.startsWith(field), error.argument);
    return true;
  });
}

/**
 * BLAKE3, by two implementations: a native one where it loads, and WebAssembly everywhere.
 *
 * Invariant: both give the same digests, so it is chosen by speed alone: MB/s at 300 B / 14 kB / 256 KiB, measured side by side,
 * native 165 / 3,900 / 7,500, WebAssembly 480 / 750 / 820. See docs/decisions/0007.
 */

import { createBLAKE3 } from 'hash-wasm';

export interface Blake3 {
  /** Of all parts in order, 32 bytes. */
  hash(parts: readonly Uint8Array[]): Uint8Array;
  stream(): Blake3Stream;
}

export interface Blake3Stream {
  update(bytes: Uint8Array): void;
  /** The digest of all that was given since the last digest; the next update begins anew. */
  digest(): Uint8Array;
}

/**
 * Nothing here waits, so that what hashes a stream under a virtual clock depends on no real thread: one instance serves
 * all streams, and a stream that takes its turn after another loads its own state (2 kB) first.
 */
export const wasmBlake3: Blake3 = await loadWasm();

/** Undefined where the optional package has no binary for the platform, or was left out. */
export const nativeBlake3: Blake3 | undefined = await loadNative();

async function loadWasm(): Promise<Blake3> {
  /** One instance serves every whole-input call: each call starts and ends without a yield, so calls cannot interleave. */
  const whole = await createBLAKE3();
  const streaming = await createBLAKE3();
  /** The stream whose state the instance holds. */
  let current: { suspend(): void } | undefined;
  return {
    hash(parts) {
      whole.init();
      for (const part of parts) whole.update(part);
      return whole.digest('binary');
    },
    stream() {
      let saved: Uint8Array | undefined;
      const turn = { suspend: () => void (saved = streaming.save()) };
      const resume = (): void => {
        if (current === turn) return;
        current?.suspend();
        current = turn;
        if (saved === undefined) streaming.init();
        else streaming.load(saved);
      };
      return {
        update(bytes) {
          resume();
          streaming.update(bytes);
        },
        digest() {
          resume();
          current = undefined;
          saved = undefined;
          return streaming.digest('binary');
        },
      };
    },
  };
}

async function loadNative(): Promise<Blake3 | undefined> {
  const native = await import('@napi-rs/blake-hash').catch(() => undefined);
  if (native === undefined) return undefined;
  const stream = (): Blake3Stream => {
    const hasher = new native.Blake3Hasher();
    return {
      // A view, not a copy.
      update: (bytes) => void hasher.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      digest() {
        const digest = hasher.digestBuffer();
        hasher.reset();
        return new Uint8Array(digest);
      },
    };
  };
  const whole = stream();
  return {
    hash(parts) {
      for (const part of parts) whole.update(part);
      return whole.digest();
    },
    stream,
  };
}

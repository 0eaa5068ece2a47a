/** What a benchmark and its peers say to each other. */

import type { WitnessPolicy } from '../../../src/witness/policy.ts';

export const BARE_PROTOCOL = '/bench/bare-stream/1';

export const PULSE_TOPIC = '/bench/pulse/1';

export interface PeerSetup {
  readonly root: string;
  /** Each member's key is made from one byte. */
  readonly seeds: readonly number[];
  /** Which of them this peer is. */
  readonly self: number;
  readonly dial: readonly string[];
  readonly policy: WitnessPolicy;
  /** Whether it waits for the command `join` before it reads its directory and joins. */
  readonly waits?: boolean;
}

interface KeyText {
  readonly number: number;
  readonly hash: string;
}

export type PeerCommand =
  | { readonly kind: 'held' | 'known' | 'linked' | 'reset-peak' | 'peak' | 'join' }
  /** Publishes messages of the size of a claim, one every `everyMs`. */
  | { readonly kind: 'pulse'; readonly count: number; readonly everyMs: number }
  /** The 99th percentile of how long the pulses since the last question took, in milliseconds. */
  | { readonly kind: 'pulse-p99' }
  /** Fetches these witnesses, so many at a time; answers with the milliseconds it took. */
  | { readonly kind: 'fetch'; readonly keys: readonly KeyText[]; readonly lanes: number }
  /** Receives so many bytes on a bare stream; answers with the milliseconds it took. */
  | { readonly kind: 'bare'; readonly bytes: number }
  /** Removes all witnesses. */
  | { readonly kind: 'forget'; readonly keys: readonly KeyText[] };

/** `bytes` in pieces of 64 KiB. */
export function* bareChunks(bytes: number): Generator<Uint8Array> {
  const piece = new Uint8Array(64 * 1024).fill(7);
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length));
}

/**
 * The blocks of a run and what there is to find out about each, drawn from the seed.
 *
 * Invariant: a block's witness file is the same bytes wherever it is dropped; its right root is a function of its key.
 */

import { blake3Hash } from '../../crdt/hash.ts';
import { blockId, ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import type { RandomInteger } from '../../net/clock.ts';
import { encodeWitnessFile } from '../files/witness-file.ts';
import { TROUBLE_MS } from './options.ts';

export interface SimBlock {
  readonly key: BlockKey;
  /** When its witness is written, and on which machines, by index. */
  readonly droppedAtMs: number;
  readonly droppedOn: readonly number[];
  /** How long a validator works on it. */
  readonly validationMs: number;
  /** How many validators fail it before one succeeds. */
  readonly failures: number;
}

/** Of a thousand blocks, how many share their number with another hash, as after a reorg. */
const FORK_PERMILLE = 100;
const FAILED_PERMILLE = 80;
const FAILURES_MAX = 2;
const FIRST_NUMBER = 1_020;

export function drawBlocks(count: number, machines: number, random: RandomInteger): SimBlock[] {
  const blocks: SimBlock[] = [];
  let number = FIRST_NUMBER;
  for (let at = 0; at < count; at++) {
    if (at > 0 && random(1_000) >= FORK_PERMILLE) number++;
    const first = random(machines);
    const second = random(4) === 0 ? random(machines) : first;
    blocks.push({
      key: { number, hash: hashOf(`block ${at}`) },
      droppedAtMs: random(TROUBLE_MS - 5_000),
      droppedOn: first === second ? [first] : [first, second],
      validationMs: drawValidationMs(random),
      failures: random(1_000) < FAILED_PERMILLE ? 1 + random(FAILURES_MAX) : 0,
    });
  }
  return blocks;
}

/** Most within a fraction of the lock time, some beyond it, so that leases are renewed. */
function drawValidationMs(random: RandomInteger): number {
  const kind = random(10);
  if (kind < 6) return 100 + random(2_000);
  return kind < 8 ? 2_000 + random(5_000) : 9_000 + random(16_000);
}

/** The root that a right validator finds. */
export function rootOf(key: BlockKey): Hash32 {
  return hashOf(`root of ${blockId(key)}`);
}

/** What a validator with a defect finds. */
export function wrongRootOf(key: BlockKey, machine: string): Hash32 {
  return hashOf(`what ${machine} takes for the root of ${blockId(key)}`);
}

export function witnessFileOf({ number, hash }: BlockKey): Uint8Array {
  return encodeWitnessFile({
    status: 'Witnessed',
    blockHash: hash,
    blockNumber: number,
    preStateRoot: hashOf(`state before ${number}`),
    parentHash: number === 0 ? ZERO_HASH : hashOf(`parent of ${number}`),
    lockTimeSeconds: 0n,
    blobIds: [],
    witnessData: new TextEncoder().encode(`witness of block ${number}, ${hash}`),
  });
}

function hashOf(text: string): Hash32 {
  return blake3Hash(new TextEncoder().encode(text));
}

/** Random values of the file formats, and the few fixed ones that several tests share. */

import fc from 'fast-check';
import { hashFromBytes, ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { VALIDATE_STATUSES, type ValidateInfo } from '../../src/files/validate-info.ts';
import { WITNESS_STATES } from '../../crdt/block/witness.ts';
import type { WitnessStatus } from '../../src/files/witness-status.ts';

export const U64_MAX = 2n ** 64n - 1n;

/** Objects with the usual prototype, as decoders make them. */
const plain = { noNullPrototype: true } as const;

export const hashes: fc.Arbitrary<Hash32> = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hashFromBytes);
export const numbers = fc.oneof(fc.nat(), fc.maxSafeNat());
export const u64s = fc.bigInt({ min: 0n, max: U64_MAX });
export const blockKeys: fc.Arbitrary<BlockKey> = fc.record({ number: numbers, hash: hashes }, plain);
export const blobIds = fc.array(hashes, { maxLength: 5 });

export const validateInfos: fc.Arbitrary<ValidateInfo> = fc.record(
  {
    status: fc.constantFrom(...VALIDATE_STATUSES),
    blockHash: hashes,
    blockNumber: numbers,
    stateRoot: hashes,
    lockTimeSeconds: u64s,
    blobIds,
  },
  plain,
);

export const witnessStatuses: fc.Arbitrary<WitnessStatus> = fc.record(
  {
    status: fc.constantFrom(...WITNESS_STATES),
    blockHash: hashes,
    blockNumber: numbers,
    preStateRoot: hashes,
    parentHash: hashes,
    lockTimeSeconds: u64s,
    blobIds,
    witnessData: fc.uint8Array({ maxLength: 300 }),
  },
  plain,
);

export const hashOf = (byte: number): Hash32 => hashFromBytes(new Uint8Array(32).fill(byte));

export const successInfo: ValidateInfo = {
  status: 'Success',
  blockHash: hashOf(0xab),
  blockNumber: 3080,
  stateRoot: hashOf(0xcd),
  lockTimeSeconds: 0n,
  blobIds: [hashOf(3), hashOf(4)],
};

export const completedWitness: WitnessStatus = {
  status: 'Completed',
  blockHash: hashOf(0xab),
  blockNumber: 3080,
  preStateRoot: ZERO_HASH,
  parentHash: hashOf(0xaa),
  lockTimeSeconds: 1_757_002_322n,
  blobIds: [],
  witnessData: Uint8Array.of(1, 2, 3),
};

/** `bytes` with bit `bit` of byte `offset` turned over. */
export function flipBit(bytes: Uint8Array, offset: number, bit: number): Uint8Array {
  return patch(bytes, offset, (bytes[offset] ?? 0) ^ (1 << bit));
}

/** A copy of `bytes` with `values` from `offset` on. */
export function patch(bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

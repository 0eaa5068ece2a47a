/** A chain of the tests' own, with real headers, and its witnesses as a generator would write them. */

import { growChain, type GrownBlock, type GrownHeader } from '../../src/chain/grow.ts';
import { encodeWitnessFile } from '../../src/files/witness-file.ts';
import type { FedBlock } from '../../src/demo/feed.ts';

export interface TestChain {
  /** The root and the blocks: all headers. */
  readonly headers: readonly GrownHeader[];
  readonly blocks: readonly GrownBlock[];
}

export function testChain(count: number): TestChain {
  const { root, blocks } = growChain({ firstNumber: 1_000, count, seed: 'cluster tests' });
  return { headers: [root, ...blocks], blocks };
}

/** The block with the bytes of its `.w`, for `dropWitness`. */
export function witnessed({ key, parentHash, preStateRoot, witnessPayload }: GrownBlock): FedBlock {
  const witness = encodeWitnessFile({
    status: 'Completed',
    blockHash: key.hash,
    blockNumber: key.number,
    preStateRoot,
    parentHash,
    lockTimeSeconds: 0n,
    blobIds: [],
    witnessData: witnessPayload,
  });
  return { key, witness };
}

/**
 * Blocks that were finished before a run: their files, with signed records, in the directories of the nodes that were
 * there. Each was found by one node, in turn.
 *
 * Invariant: the same bytes stand on every such node, as they do after a run that went well.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { recordOf } from '../../../crdt/block/record.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { Hash32 } from '../../../crdt/ids.ts';
import type { SecretIdentity } from '../../../net/identity/identity.ts';
import { Author } from '../../author/author.ts';
import { blockFileName } from '../../files/file-names.ts';
import { encodeValidateFile } from '../../files/validate-file.ts';
import { systemClock } from '../../node/machine.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';
import type { KnownBlocks } from './blocks.ts';

/** Files written at a time. */
const WRITES_AT_ONCE = 64;
const SKEW_BOUND_MS = 500;

export interface FinishedBefore {
  readonly count: number;
  readonly seed: number;
  readonly nodes: readonly ChaosNode[];
  /** Of the nodes, in their order. */
  readonly identities: readonly SecretIdentity[];
  readonly blocks: KnownBlocks;
}

export async function writeFinished({ count, seed, nodes, identities, blocks }: FinishedBefore): Promise<void> {
  const authors = identities.map(
    (identity) => new Author({ ...identity, clock: systemClock, skewBoundMs: SKEW_BOUND_MS }),
  );
  const present = nodes.filter(({ startsAbsent }) => !startsAbsent);
  let writes: Promise<void>[] = [];
  for (let number = 1; number <= count; number++) {
    const author = authors[present[number % present.length]?.index ?? 0];
    if (author === undefined) return;
    const key = { number, hash: hashOf(`finished block ${number} of ${seed}`) };
    const stateRoot = hashOf(`root of finished block ${number} of ${seed}`);
    const record = recordOf({ results: [author.result(key, [], 'success', stateRoot, 1)] });
    const info = {
      status: 'Success',
      blockHash: key.hash,
      blockNumber: number,
      stateRoot,
      lockTimeSeconds: 0n,
      blobIds: [],
    } as const;
    const bytes = encodeValidateFile(info, encodeRecord(record));
    blocks.add({ key, stateRoot, witnessDigest: undefined });
    for (const { layout } of present)
      writes.push(writeFile(join(layout.validate, blockFileName('validate', key)), bytes));
    if (writes.length < WRITES_AT_ONCE && number < count) continue;
    await Promise.all(writes);
    writes = [];
  }
}

function hashOf(text: string): Hash32 {
  return blake3Hash(new TextEncoder().encode(text));
}

/**
 * The blocks of the measurements at scale: what a cluster of five leaves of each.
 *
 * Invariant: the records are of the real shape and size: a result, a witness announcement whose parent hash and pre-state
 * root are those of the block before, and five holders. Their signatures are random bytes unless `signed` is asked for.
 */

import { randomBytes } from 'node:crypto';
import { recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import { type BlockKey, type Hash32, type NodeId } from '../../../crdt/ids.ts';
import { generateKey } from '../../../net/identity/identity.ts';
import { Author } from '../../../src/author/author.ts';
import { systemClock } from '../../../src/node/machine.ts';

/** A number that mainnet had reached in 2024, so that heights take the bytes they take there. */
export const FIRST_NUMBER = 20_000_000;
const NODES = 5;
const PAYLOAD_BYTES = 14_000;

const utf8 = new TextEncoder();

export class ScaleBlocks {
  readonly authors: readonly Author[] = Array.from(
    { length: NODES },
    () => new Author({ ...generateKey(), clock: systemClock, skewBoundMs: 500 }),
  );
  readonly #nodes: readonly NodeId[] = this.authors.map(({ node }) => node).toSorted();

  key(at: number): BlockKey {
    return { number: FIRST_NUMBER + at, hash: hashOf('block', at) };
  }

  record(at: number): BlockRecord {
    const node = this.#nodes[at % NODES] ?? this.#author(at).node;
    const stamp = { wallMs: Date.now(), counter: at % 100 };
    const stateRoot = hashOf('root', at);
    return recordOf({
      results: [{ node, verdict: 'success', stateRoot, epoch: 1, sequence: 1, stamp, signature: randomBytes(64) }],
      witnesses: [{ ...this.#terms(at), author: node, signature: randomBytes(64) }],
      holders: this.#nodes.map((holder) => ({ node: holder, dot: 1, live: true })),
    });
  }

  /** The same, signed: 50 µs. */
  signedRecord(at: number): BlockRecord {
    const author = this.#author(at);
    const key = this.key(at);
    return recordOf({
      results: [author.result(key, [], 'success', hashOf('root', at), 1)],
      witnesses: [author.announcement(key, this.#terms(at))],
      holders: this.#nodes.map((holder) => ({ node: holder, dot: 1, live: true })),
    });
  }

  #terms(at: number): Parameters<Author['announcement']>[1] {
    return {
      state: 'Completed',
      payloadDigest: hashOf('payload', at),
      payloadBytes: PAYLOAD_BYTES,
      parentHash: hashOf('block', at - 1),
      preStateRoot: hashOf('root', at - 1),
      lockTimeSeconds: 1_700_000_000n,
      blobIds: [],
    };
  }

  #author(at: number): Author {
    const author = this.authors[at % NODES];
    if (author === undefined) throw new RangeError(`no author for block ${at}`);
    return author;
  }
}

function hashOf(what: string, at: number): Hash32 {
  return blake3Hash(utf8.encode(`${what} ${at}`));
}

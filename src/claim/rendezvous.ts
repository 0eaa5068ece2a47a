/**
 * Who claims a block first, without a message: every node ranks the live validators by a hash of node and block and
 * comes to the same order.
 *
 * Invariant: the order depends on the block and the candidates alone, and a candidate that leaves moves nobody else.
 *
 * Thaler, Ravishankar: "Using name-based mappings to increase hit rates", IEEE/ACM ToN 1998 (highest random weight).
 */

import { compareBytes } from '../../crdt/bytes.ts';
import { blake3 } from '../../crdt/hash.ts';
import { compareText, hashToBytes, nodeToBytes, type BlockKey, type NodeId } from '../../crdt/ids.ts';

/** How many of `candidates` come before `self` for this block: 0 is first. `self` counts whether listed or not. */
export function rankOf(self: NodeId, key: BlockKey, candidates: Iterable<NodeId>): number {
  return candidatesAhead(self, key, candidates).length;
}

/** Those of `candidates` that come before `self` for this block, in no order. */
export function candidatesAhead(self: NodeId, key: BlockKey, candidates: Iterable<NodeId>): NodeId[] {
  const own = weight(self, key);
  const ahead: NodeId[] = [];
  for (const candidate of candidates) {
    if (candidate === self) continue;
    const order = compareBytes(weight(candidate, key), own) || compareText(candidate, self);
    if (order > 0) ahead.push(candidate);
  }
  return ahead;
}

function weight(node: NodeId, key: BlockKey): Uint8Array {
  return blake3(nodeToBytes(node), hashToBytes(key.hash));
}

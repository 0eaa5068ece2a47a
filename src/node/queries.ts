/**
 * What a running node can be asked, by the RPC server or by a program that embeds it.
 *
 * Invariant: answers come from this node's replica and files; no question waits for a peer but a read with a bound on its age.
 */

import type { BlockView } from '../../crdt/block/view.ts';
import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import type { DocumentView } from '../document/shape.ts';
import type { BlockRead, ReadOptions } from '../freshness/block-reads.ts';
import type { NodeStatus } from './status.ts';

export interface NodeQueries {
  /** The block as this node sees it now. A block nobody has heard of is idle. */
  view(key: BlockKey): BlockView;
  /** Whether a complete witness of any block at `number` is here. */
  hasWitnessAt(number: number): boolean;
  /** The payload (`witness_data`) of the block at `number` whose parent is `parentHash`; undefined when it is not here. */
  witnessPayload(number: number, parentHash: Hash32): Promise<Uint8Array | undefined>;
  /** The same with its record and an age; asks the others when it is older than it may be. Throws `StaleReadError`. */
  readBlock(key: BlockKey, options: ReadOptions): Promise<BlockRead>;
  /** The cluster document. */
  document(): DocumentView;
  status(): NodeStatus;
}

/**
 * The `StateData` part of a block's `.v`: the record as programs that know nothing of driftlock should read it.
 *
 * Invariant: for a finished block it is a function of the record alone (lock time 0), so finished files are the same
 * bytes on every node. For a leased block its lock time makes this machine's programs respect the lease for as long as
 * this node does.
 */

import type { BlockStatus, BlockView } from '../../crdt/block/view.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { ValidateInfo, ValidateStatus } from '../files/validate-info.ts';

const FILE_STATUS: Readonly<Record<BlockStatus, ValidateStatus>> = {
  idle: 'Idle',
  processing: 'Processing',
  failed: 'Failed',
  success: 'Success',
};

/** `leaseEndsAtWallMs`: until when this node respects the lease; read only while the status is `processing`. */
export function fileView(key: BlockKey, view: BlockView, leaseEndsAtWallMs: number): ValidateInfo {
  return {
    status: FILE_STATUS[view.status],
    blockHash: key.hash,
    blockNumber: key.number,
    stateRoot: view.stateRoot,
    lockTimeSeconds: view.status === 'processing' ? BigInt(Math.ceil(Math.max(0, leaseEndsAtWallMs) / 1_000)) : 0n,
    blobIds: view.blobIds,
  };
}

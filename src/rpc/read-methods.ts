/** `driftlock_getBlock`: one block as this node knows it, with a bound on how old the answer may be. */

import { z } from 'zod';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { ON_STALE, StaleReadError, type BlockRead } from '../freshness/block-reads.ts';
import type { NodeQueries } from '../node/queries.ts';
import { RpcError, type RpcMethods } from './json-rpc.ts';
import { hashParam, parseParams } from './params.ts';

/** Of the range that JSON-RPC 2.0 leaves to servers. */
export const TOO_STALE = -32020;

/** In the order of positional params. */
const PARAMS = z.strictObject({
  block: z.int().min(0),
  hash: hashParam,
  options: z
    .strictObject({ maxStalenessMs: z.int().min(0).optional(), onStale: z.enum(ON_STALE).optional() })
    .optional(),
});

export function readMethods(queries: Pick<NodeQueries, 'readBlock'>): RpcMethods {
  return new Map([
    [
      'driftlock_getBlock',
      async (params, { idle }) => {
        const { block: number, hash, options } = parseParams(PARAMS, params);
        const { maxStalenessMs, onStale = 'wait' } = options ?? {};
        try {
          const read = await idle(() => queries.readBlock({ number, hash }, { maxStalenessMs, onStale }));
          return { block: number, hash, ...describeRead(read) };
        } catch (error) {
          if (!(error instanceof StaleReadError)) throw error;
          throw new RpcError(TOO_STALE, error.message, { code: error.code, ageMs: error.ageMs ?? null });
        }
      },
    ],
  ]);
}

function describeRead({ record, view, ageMs, isStale, source }: BlockRead): object {
  const { status, reason, stateRoot, blobIds, lease, dispute } = view;
  return {
    status,
    reason,
    stateRoot,
    blobIds,
    lease: lease === undefined ? null : { holder: peerIdText(lease.holder), epoch: lease.epoch },
    results: record.results.map((result) => ({
      node: peerIdText(result.node),
      verdict: result.verdict,
      stateRoot: result.stateRoot,
      epoch: result.epoch,
    })),
    disputed: dispute !== undefined,
    ageMs: ageMs ?? null,
    stale: isStale,
    source,
  };
}

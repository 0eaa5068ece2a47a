/**
 * `driftlock_reread`: has the files of some blocks read again whatever is known of them, and answers what became of each. What
 * is bad is repaired as far as records and peers allow; who waits for that asks again.
 */

import { z } from 'zod';
import type { BlockKey } from '../../crdt/ids.ts';
import { REREAD_BLOCKS_MAX, type BlockFiles } from '../scrub/reread.ts';
import { METHOD_NOT_FOUND, RpcError, type RpcMethods } from './json-rpc.ts';
import { hashParam, parseParams } from './params.ts';

const PARAMS = z.strictObject({
  blocks: z.array(z.strictObject({ block: z.int().min(0), hash: hashParam })).max(REREAD_BLOCKS_MAX),
});

export type Reread = (key: BlockKey) => Promise<BlockFiles>;

/** `reread` undefined: nobody may ask for it here. */
export function fileMethods(reread: Reread | undefined): RpcMethods {
  return new Map([
    [
      'driftlock_reread',
      async (params) => {
        if (reread === undefined) throw new RpcError(METHOD_NOT_FOUND, 'Method not found: it is off on this address');
        const { blocks } = parseParams(PARAMS, params);
        const found: object[] = [];
        for (const { block: number, hash } of blocks) {
          const { validate, witness } = await reread({ number, hash });
          found.push({ block: number, hash, validate, witness });
        }
        return { blocks: found };
      },
    ],
  ]);
}

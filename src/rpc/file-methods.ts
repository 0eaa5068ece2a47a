/**
 * `driftlock_reread` and `driftlock_rereadContracts`: have the files of some blocks, and `contracts.txt`, read again whatever is
 * known of them, and answer what became of each. What is bad is repaired as far as records and peers allow; who waits for that
 * asks again.
 */

import { z } from 'zod';
import type { BlockKey } from '../../crdt/ids.ts';
import type { ContractsFound } from '../contracts/contract-repair.ts';
import { REREAD_BLOCKS_MAX, type BlockFiles } from '../scrub/reread.ts';
import { METHOD_NOT_FOUND, RpcError, type RpcMethod, type RpcMethods } from './json-rpc.ts';
import { hashParam, parseParams } from './params.ts';

const PARAMS = z.strictObject({
  blocks: z.array(z.strictObject({ block: z.int().min(0), hash: hashParam })).max(REREAD_BLOCKS_MAX),
});

/** What the methods ask the node for. */
export interface Rereading {
  reread(key: BlockKey): Promise<BlockFiles>;
  rereadContracts(): Promise<ContractsFound>;
}

/** `node` undefined: nobody may ask for it here. */
export function fileMethods(node: Rereading | undefined): RpcMethods {
  const allowed = (): Rereading => {
    if (node === undefined) throw new RpcError(METHOD_NOT_FOUND, 'Method not found: it is off on this address');
    return node;
  };
  return new Map<string, RpcMethod>([
    [
      'driftlock_reread',
      async (params) => {
        const files = allowed();
        const { blocks } = parseParams(PARAMS, params);
        const found: object[] = [];
        for (const { block: number, hash } of blocks) {
          const { validate, witness } = await files.reread({ number, hash });
          found.push({ block: number, hash, validate, witness });
        }
        return { blocks: found };
      },
    ],
    ['driftlock_rereadContracts', () => allowed().rereadContracts()],
  ]);
}

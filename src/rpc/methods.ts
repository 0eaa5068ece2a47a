/**
 * The methods of the RPC server: the reference's `stateless_getValidation` and `stateless_getWitness`, answered as the
 * reference answers them, and `driftlock_status`.
 */

import type { BlockStatus } from '../../crdt/block/view.ts';
import { bytesToHex } from '../../crdt/hex.ts';
import type { Hash32 } from '../../crdt/ids.ts';
import type { NodeQueries } from '../node/queries.ts';
import { ownNumber, parseBlockParam, type BlockParam } from './block-param.ts';
import { INVALID_PARAMS, RESPONSE_TOO_LARGE, RpcError, type RpcMethod, type RpcMethods } from './json-rpc.ts';

/** Blocks in one `stateless_getValidation`. */
export const VALIDATION_BLOCKS_MAX = 1024;

/** jsonrpsee's `CALL_EXECUTION_FAILED_CODE` and `UNKNOWN_ERROR_CODE`, which the reference answers with. */
const CALL_EXECUTION_FAILED = -32000;
const UNKNOWN_ERROR = -32001;

/** `payloadBytesMax`: the largest witness that can be answered as hex. */
export function rpcMethods(queries: NodeQueries, payloadBytesMax: number): RpcMethods {
  return new Map<string, RpcMethod>([
    ['stateless_getValidation', (params) => validations(queries, params)],
    ['stateless_getWitness', (params) => witness(queries, params, payloadBytesMax)],
    ['driftlock_status', () => queries.status()],
  ]);
}

/** Params are the list itself. The first block that is not a success ends the call. */
function validations(queries: NodeQueries, params: unknown): Readonly<Record<string, readonly Hash32[]>> {
  const blocks = blockTexts(params);
  return Object.fromEntries(blocks.map((text) => [text, blobIdsOf(queries, parseBlockParam(text))]));
}

function blockTexts(params: unknown): readonly string[] {
  if (!Array.isArray(params)) throw invalidParams('expected an array of "number.hash"');
  if (params.length > VALIDATION_BLOCKS_MAX) {
    throw invalidParams(`expected at most ${VALIDATION_BLOCKS_MAX} blocks, found ${params.length}`);
  }
  const items: readonly unknown[] = params;
  return items.map((item) => {
    if (typeof item !== 'string') throw invalidParams('expected an array of "number.hash"');
    return item;
  });
}

function blobIdsOf(queries: NodeQueries, param: BlockParam): readonly Hash32[] {
  const number = ownNumber(param);
  if (number === undefined) throw UNFINISHED.idle(param.number);
  const { status, blobIds } = queries.view({ number, hash: param.hash });
  if (status !== 'success') throw UNFINISHED[status](param.number);
  return blobIds;
}

/** What the reference answers for a block that is no success. */
const UNFINISHED: Readonly<Record<Exclude<BlockStatus, 'success'>, (number: bigint) => RpcError>> = {
  idle: (number) => new RpcError(CALL_EXECUTION_FAILED, `This block ${number} is too old or not validated yet`),
  processing: (number) => new RpcError(CALL_EXECUTION_FAILED, `This block ${number} in processing`),
  failed: (number) => new RpcError(UNKNOWN_ERROR, `This block ${number} validation failed`),
};

/** Params are `"number.parentHash"`, bare or as the only element of an array. */
async function witness(queries: NodeQueries, params: unknown, payloadBytesMax: number): Promise<string> {
  const text = Array.isArray(params) && params.length === 1 ? (params[0] as unknown) : params;
  if (typeof text !== 'string') throw invalidParams('expected "number.parentHash"');
  const param = parseBlockParam(text);
  const number = ownNumber(param);
  const payload = number === undefined ? undefined : await queries.witnessPayload(number, param.hash);
  if (payload === undefined) {
    const known = number !== undefined && queries.hasWitnessAt(number);
    const message = known ? `not found witness for block ${text}` : `not found block number: ${param.number}`;
    throw new RpcError(INVALID_PARAMS, message);
  }
  if (payload.length > payloadBytesMax) throw new RpcError(RESPONSE_TOO_LARGE, 'response too large');
  return bytesToHex(payload);
}

function invalidParams(message: string): RpcError {
  return new RpcError(INVALID_PARAMS, `invalid params: ${message}`);
}

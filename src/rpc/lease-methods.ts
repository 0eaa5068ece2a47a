/**
 * The methods by which programs in any language claim blocks and report results: `driftlock_next`, `driftlock_claim`,
 * `driftlock_renew`, `driftlock_complete`, `driftlock_release`. `docs/local-api.md` describes them.
 *
 * Invariant: the error codes are stable, and `data.code` names each; nothing but a result that is on disk is answered as
 * complete.
 */

import { z } from 'zod';
import { BLOB_IDS_MAX } from '../../crdt/block/record.ts';
import { isFailure } from '../../crdt/errors.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { EPOCH_MAX } from '../../crdt/lease/lease.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { Claimed, ClaimAnswer, ClientLeases } from '../claim/client-leases.ts';
import { NEXT_WAIT_MS_MAX } from '../claim/client-queue.ts';
import { LeaseError, type LeaseErrorCode } from '../claim/lease-error.ts';
import { RpcError, type RequestContext, type RpcMethod, type RpcMethods } from './json-rpc.ts';
import { hashParam, invalidParams, parseParams } from './params.ts';

/** Of the range that JSON-RPC 2.0 leaves to servers. */
export const LEASE_ERROR_CODES: Readonly<Record<LeaseErrorCode | 'ERR_LEASE_API_OFF', number>> = {
  ERR_LEASE_SUPERSEDED: -32010,
  ERR_LEASE_EXPIRED: -32011,
  ERR_LEASE_NOT_HELD: -32012,
  ERR_BLOCK_FINISHED: -32013,
  ERR_TOO_MANY_LEASES: -32014,
  ERR_TOO_MANY_WAITING: -32015,
  ERR_NOT_STORED: -32016,
  ERR_LEASE_API_OFF: -32017,
};

const block = { block: z.int().min(0), hash: hashParam };
const held = { ...block, epoch: z.int().min(1).max(EPOCH_MAX) };
/** Seconds, as `--lock-time` is. */
const lockTime = { lockTime: z.number().positive().optional() };

/** In the order of positional params. */
const PARAMS = {
  next: z.strictObject({ ...lockTime, waitMs: z.int().min(0).max(NEXT_WAIT_MS_MAX).optional() }),
  claim: z.strictObject({ ...block, ...lockTime }),
  renew: z.strictObject({ ...held, ...lockTime }),
  complete: z
    .strictObject({
      ...held,
      verdict: z.enum(['success', 'failed']),
      stateRoot: hashParam.optional(),
      blobIds: z.array(hashParam).max(BLOB_IDS_MAX).optional(),
    })
    .refine(({ verdict, stateRoot }) => verdict === 'failed' || stateRoot !== undefined, {
      path: ['stateRoot'],
      message: 'the state root of a success',
    }),
  release: z.strictObject(held),
} as const;

/** `leases` undefined: every method answers that it is off. */
export function leaseMethods(leases: ClientLeases | undefined): RpcMethods {
  const method = (work: (leases: ClientLeases, params: unknown, context: RequestContext) => unknown): RpcMethod => {
    return async (params, context) => {
      if (leases === undefined) throw apiOff();
      try {
        return await work(leases, params, context);
      } catch (error) {
        throw asRpcError(error);
      }
    };
  };
  return new Map([
    ['driftlock_next', method(next)],
    ['driftlock_claim', method(claim)],
    ['driftlock_renew', method(renew)],
    ['driftlock_complete', method(complete)],
    ['driftlock_release', method(release)],
  ]);
}

async function next(leases: ClientLeases, params: unknown, context: RequestContext): Promise<object | null> {
  const { lockTime: seconds, waitMs = 0 } = parseParams(PARAMS.next, params);
  if (context.isBatch && waitMs > 0) throw invalidParams('waitMs: expected 0 in a batch, whose calls run one by one');
  const claimed = await context.idle(() => leases.next(durationOf(seconds), waitMs, context.signal));
  return claimed === undefined ? null : describeClaimed(claimed);
}

async function claim(leases: ClientLeases, params: unknown, context: RequestContext): Promise<object> {
  const { block: number, hash: blockHash, lockTime: seconds } = parseParams(PARAMS.claim, params);
  await context.idle(() => leases.room());
  return describeClaim(leases.claim({ number, hash: blockHash }, durationOf(seconds)));
}

function renew(leases: ClientLeases, params: unknown): object {
  const { block: number, hash: blockHash, epoch, lockTime: seconds } = parseParams(PARAMS.renew, params);
  return { epoch, remainingMs: whole(leases.renew({ number, hash: blockHash }, epoch, durationOf(seconds))) };
}

async function complete(leases: ClientLeases, params: unknown, context: RequestContext): Promise<object> {
  const { block: number, hash: blockHash, epoch, ...result } = parseParams(PARAMS.complete, params);
  const { verdict, stateRoot = ZERO_HASH, blobIds = [] } = result;
  // A full disk can keep a result waiting for as long as it is full.
  const view = await context.idle(() =>
    leases.complete({ number, hash: blockHash }, epoch, { verdict, stateRoot, blobIds }),
  );
  return { stored: true, status: view.status, disputed: view.dispute !== undefined };
}

function release(leases: ClientLeases, params: unknown): object {
  const { block: number, hash: blockHash, epoch } = parseParams(PARAMS.release, params);
  leases.release({ number, hash: blockHash }, epoch);
  return { released: true };
}

function describeClaim(answer: ClaimAnswer): object {
  if (answer.claimed) return describeClaimed(answer);
  switch (answer.reason) {
    case 'held': {
      const { holder, epoch, remainingMs } = answer;
      return { claimed: false, reason: 'held', holder: peerIdText(holder), epoch, remainingMs: whole(remainingMs) };
    }
    case 'backing-off':
      return { claimed: false, reason: 'backing-off', remainingMs: whole(answer.remainingMs) };
    case 'clock-not-trusted':
    case 'just-started':
    case 'degraded':
      return { claimed: false, reason: answer.reason };
    case 'finished':
      return { claimed: false, reason: 'finished', stateRoot: answer.stateRoot };
  }
}

function describeClaimed({ key, epoch, remainingMs, witness }: Claimed): object {
  return {
    claimed: true,
    block: key.number,
    hash: key.hash,
    epoch,
    remainingMs: whole(remainingMs),
    witness:
      witness === undefined
        ? null
        : { path: witness.path, parentHash: witness.parentHash, preStateRoot: witness.preStateRoot },
  };
}

/** Rounded down: nobody acts too long for it. */
function whole(ms: number): number {
  return Math.max(0, Math.floor(ms));
}

function durationOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1_000);
}

function asRpcError(error: unknown): unknown {
  if (error instanceof LeaseError) {
    const { code, winner } = error;
    const by = winner === undefined ? {} : { holder: peerIdText(winner.holder), epoch: winner.epoch };
    return new RpcError(LEASE_ERROR_CODES[code], error.message, { code, ...by });
  }
  if (isFailure(error, 'ERR_LOCK_TIME')) return invalidParams(error.message);
  return error;
}

function apiOff(): RpcError {
  const code = 'ERR_LEASE_API_OFF';
  const message = 'leaseApi: expected true in the configuration of a node whose RPC is open to others, found nothing';
  return new RpcError(LEASE_ERROR_CODES[code], message, { code });
}

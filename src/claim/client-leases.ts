/**
 * Leases for programs that validate on their own and talk to this node: claimed, renewed, completed and released by
 * calls, under the same rules as those of the node's own validator.
 *
 * Invariants:
 * - A client's lease is never renewed for it: a client that vanished loses its block by time.
 * - A result is taken as long as its epoch was not superseded, also after its time ran out: the work is done, and a late
 *   result harms nobody. It is on disk before `complete` resolves.
 * - At most `CLIENT_LEASES_MAX` leases are kept; those that are lost make room first.
 */

import type { Verdict } from '../../crdt/block/result.ts';
import { hasSuccess, recordOf } from '../../crdt/block/record.ts';
import { viewOf, type BlockView } from '../../crdt/block/view.ts';
import { blockId, type BlockId, type BlockKey, type Hash32, type NodeId } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import { checkLeaseDuration, type ClockBounds } from '../../crdt/lease/rule.ts';
import type { Clock } from '../../net/clock.ts';
import type { Author } from '../author/author.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { WitnessInput } from '../validators/validator.ts';
import type { Claimer, ClaimEvent } from './claimer.ts';
import type { ClaimHold } from './decision.ts';
import { ClientQueue } from './client-queue.ts';
import { HeldLease } from './held-lease.ts';
import { LeaseError, type LeaseErrorCode } from './lease-error.ts';

/** Leases of API clients on one node; each is a program at work, or one that vanished. */
export const CLIENT_LEASES_MAX = 1_024;
/** A node counts as one that claims for as long after a program last asked it for a block. */
export const ASKED_LATELY_MS = 30_000;
/** A renewal after less than this part of its duration changes nothing: a client in a loop must not flood the cluster. */
export const RENEWAL_PART_MIN = 1 / 8;

export interface ClientLeasesOptions {
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly author: Author;
  readonly sightings: LeaseSightings;
  readonly bounds: ClockBounds;
  readonly claimer: Claimer;
  /** The duration of a lease for which the client names none. */
  readonly lockTimeMs: number;
  readonly witnessOf: (key: BlockKey) => WitnessInput | undefined;
  readonly onEvent: (event: ClaimEvent) => void;
}

export interface Claimed {
  readonly claimed: true;
  readonly key: BlockKey;
  readonly epoch: number;
  /** For which the client may act, counted from when the claim was made. */
  readonly remainingMs: number;
  /** Undefined when the witness is not in this node's directory. */
  readonly witness: WitnessInput | undefined;
}

export type ClaimAnswer =
  | Claimed
  /** Somebody has it; it may be free after `remainingMs`. */
  | {
      readonly claimed: false;
      readonly reason: 'held';
      readonly holder: NodeId;
      readonly epoch: number;
      readonly remainingMs: number;
    }
  /** It failed, or was given up, a moment ago. */
  | { readonly claimed: false; readonly reason: 'backing-off'; readonly remainingMs: number }
  /** This node claims nothing at all now. */
  | { readonly claimed: false; readonly reason: ClaimHold }
  | { readonly claimed: false; readonly reason: 'finished'; readonly stateRoot: Hash32 };

export interface ClientResult {
  readonly verdict: Verdict;
  /** `ZERO_HASH` when a failure has none. */
  readonly stateRoot: Hash32;
  readonly blobIds: readonly Hash32[];
}

export class ClientLeases {
  readonly #options: ClientLeasesOptions;
  readonly #leases = new Map<BlockId, HeldLease>();
  readonly #completing = new Map<BlockId, Promise<unknown>>();
  readonly #queue: ClientQueue;
  #askedAtMs: number | undefined;

  constructor(options: ClientLeasesOptions) {
    this.#options = options;
    this.#queue = new ClientQueue(options.clock, (durationMs) => this.#claimNext(durationMs));
  }

  /** Leases that clients hold now. */
  get held(): number {
    let held = 0;
    for (const lease of this.#leases.values()) if (lease.loss === undefined) held++;
    return held;
  }

  /** Clients that wait for a block. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether a program asked for a block lately, so that others should leave this node its turn. */
  get isAsked(): boolean {
    if (this.#queue.size > 0) return true;
    const { clock } = this.#options;
    return this.#askedAtMs !== undefined && clock.monotonicMs() - this.#askedAtMs < ASKED_LATELY_MS;
  }

  /**
   * Resolves while the store has room for more unwritten blocks: what callers without an end wait for before they claim,
   * since a claim is answered before its file is written.
   */
  room(): Promise<void> {
    return this.#options.store.room();
  }

  /** Claims this very block, whoever ranks first. Throws `ERR_LOCK_TIME`, `ERR_TOO_MANY_LEASES`. */
  claim(key: BlockKey, durationMs: number = this.#options.lockTimeMs): ClaimAnswer {
    const { bounds, sightings, claimer } = this.#options;
    checkLeaseDuration(durationMs, bounds, 'lockTime');
    claimer.attend();
    // Asked before the block is looked at: asking can make this node resume, and claim it for another.
    const { claimHold } = claimer;
    const view = this.#view(key);
    if (view.status === 'success') return { claimed: false, reason: 'finished', stateRoot: view.stateRoot };
    if (view.lease !== undefined) {
      const { holder, epoch } = view.lease;
      return {
        claimed: false,
        reason: 'held',
        holder,
        epoch,
        remainingMs: sightings.remainingMs(key, view.lease, this.#now()),
      };
    }
    if (claimHold !== undefined) return { claimed: false, reason: claimHold };
    const remainingMs = claimer.backoffLeftMs(key);
    if (remainingMs > 0) return { claimed: false, reason: 'backing-off', remainingMs };
    return this.#take(key, view, durationMs, 'asked-for');
  }

  /**
   * Claims the next block that is this node's to claim. Waits up to `waitMs` for one, and no longer than `signal` says;
   * undefined: there was none. Throws `ERR_LOCK_TIME`, `ERR_TOO_MANY_LEASES`, `ERR_TOO_MANY_WAITING`.
   */
  async next(durationMs: number | undefined, waitMs: number, signal: AbortSignal): Promise<Claimed | undefined> {
    const lockTimeMs = durationMs ?? this.#options.lockTimeMs;
    checkLeaseDuration(lockTimeMs, this.#options.bounds, 'lockTime');
    this.#askedAtMs = this.#options.clock.monotonicMs();
    this.#options.claimer.attend();
    return this.#claimNext(lockTimeMs) ?? this.#queue.wait(lockTimeMs, waitMs, signal);
  }

  /** A block became ready. */
  serve(): void {
    this.#queue.serve();
  }

  /** Extends the lease from now on. Throws `ERR_LOCK_TIME` and what says that it is lost. Returns the remaining time. */
  renew(key: BlockKey, epoch: number, durationMs?: number): number {
    const { bounds, clock } = this.#options;
    if (durationMs !== undefined) checkLeaseDuration(durationMs, bounds, 'lockTime');
    this.#checkCurrent(key, epoch);
    const held = this.#leases.get(blockId(key));
    if (held === undefined || held.lease.epoch !== epoch) throw refusal('ERR_LEASE_NOT_HELD', key, epoch);
    const lockTimeMs = durationMs ?? held.lease.durationMs;
    const isSoon = clock.monotonicMs() - held.sentAtMs < held.lease.durationMs * RENEWAL_PART_MIN;
    const isKept = isSoon && lockTimeMs <= held.lease.durationMs ? held.loss === undefined : held.renew(lockTimeMs);
    if (!isKept) throw refusal('ERR_LEASE_EXPIRED', key, epoch);
    return held.remainingMs();
  }

  /**
   * Signs and stores the result of the client's validation; resolves once it is on disk, with the block as it is then. The
   * same call again, after an answer was lost, resolves too. A result that contradicts a Success which came in meanwhile
   * is kept as evidence. Throws `ERR_LEASE_SUPERSEDED`, `ERR_LEASE_NOT_HELD`, `ERR_BLOCK_FINISHED`, `ERR_NOT_STORED`.
   */
  async complete(key: BlockKey, epoch: number, result: ClientResult): Promise<BlockView> {
    const id = blockId(key);
    while (this.#completing.has(id)) await this.#completing.get(id);
    if (this.#isStored(key, epoch, result)) return this.#view(key);
    if (!this.#isContradiction(key, epoch, result)) this.#checkCurrent(key, epoch);
    const completion = this.#commit(key, epoch, result).finally(() => this.#completing.delete(id));
    this.#completing.set(
      id,
      completion.catch(() => undefined),
    );
    if (!(await completion)) throw refusal('ERR_NOT_STORED', key, epoch);
    return this.#view(key);
  }

  /** The client gives the block back without a verdict. Throws as {@link complete} does. */
  release(key: BlockKey, epoch: number): void {
    const { store, author, claimer } = this.#options;
    const lease = this.#checkCurrent(key, epoch);
    this.#forget(key);
    store.merge({ key, record: recordOf({ lease: author.release(key, lease) }) }, 'local');
    claimer.noteNoVerdict(key);
  }

  /** The block's record changed. */
  observe(key: BlockKey): void {
    this.#leases.get(blockId(key))?.observe(this.#options.store.replica.get(key));
  }

  /** Leases stay: a client can outlive a restart of the node, and complete what it began. */
  stop(): void {
    this.#queue.stop();
    for (const held of this.#leases.values()) held.end();
  }

  #claimNext(durationMs: number): Claimed | undefined {
    if (!this.#hasRoom()) throw tooManyLeases();
    const next = this.#options.claimer.takeNext();
    return next === undefined ? undefined : this.#take(next.key, next.view, durationMs, next.reason);
  }

  #take(key: BlockKey, view: BlockView, durationMs: number, reason: string): Claimed {
    const { author, clock, bounds, store, witnessOf, onEvent } = this.#options;
    this.#forget(key);
    if (!this.#hasRoom()) throw tooManyLeases();
    const lease = author.claim(key, view.nextEpoch, durationMs);
    const publish = (renewed: Lease): void => void store.merge({ key, record: recordOf({ lease: renewed }) }, 'local');
    const held = new HeldLease({ key, lease, clock, bounds, author, renewsItself: false, publish });
    held.signal.addEventListener('abort', () => this.#lost(key, held));
    this.#leases.set(blockId(key), held);
    onEvent({ type: 'claimed', key, epoch: lease.epoch, reason });
    publish(lease);
    return { claimed: true, key, epoch: lease.epoch, remainingMs: held.remainingMs(), witness: witnessOf(key) };
  }

  /** Its entry stays, as long as there is room: what its client finds may contradict what was found meanwhile. */
  #lost(key: BlockKey, held: HeldLease): void {
    const { loss } = held;
    if (loss === undefined) return;
    this.#options.onEvent({ type: 'lease-lost', key, epoch: held.lease.epoch, reason: loss });
    if (loss === 'expired') this.#options.claimer.noteNoVerdict(key);
  }

  #forget(key: BlockKey): void {
    this.#leases.get(blockId(key))?.end();
    this.#leases.delete(blockId(key));
  }

  #hasRoom(): boolean {
    if (this.#leases.size < CLIENT_LEASES_MAX) return true;
    for (const [id, held] of this.#leases) {
      if (held.loss === undefined) continue;
      this.#leases.delete(id);
      return true;
    }
    return false;
  }

  async #commit(key: BlockKey, epoch: number, { verdict, stateRoot, blobIds }: ClientResult): Promise<boolean> {
    const { author, store, onEvent } = this.#options;
    this.#forget(key);
    const { results } = store.recordToCome(key);
    const result = author.result(key, results, verdict, stateRoot, epoch);
    const sortedIds = [...new Set(blobIds)].sort();
    const isStored = await store.commit({ key, record: recordOf({ results: [result], blobIds: sortedIds }) });
    if (!isStored) return false;
    const outcome =
      verdict === 'success'
        ? ({ kind: 'success', stateRoot } as const)
        : ({ kind: 'failed', stateRoot, reason: 'reported by a client' } as const);
    onEvent({ type: 'validated', key, epoch, outcome });
    return true;
  }

  /** The block's lease, when it is ours under `epoch` and nothing came after it. Throws why not. */
  #checkCurrent(key: BlockKey, epoch: number): Lease {
    const { store, author, claimer } = this.#options;
    const { lease, results } = store.recordToCome(key);
    if (hasSuccess(results)) throw refusal('ERR_BLOCK_FINISHED', key, epoch);
    const isOurs = lease?.holder === author.node;
    if (lease !== undefined && (lease.epoch > epoch || (lease.epoch === epoch && !isOurs))) {
      throw refusal('ERR_LEASE_SUPERSEDED', key, epoch, lease);
    }
    if (results.some((result) => result.epoch > epoch)) throw refusal('ERR_LEASE_SUPERSEDED', key, epoch);
    const hasResult = results.some((result) => result.node === author.node && result.epoch === epoch);
    if (lease === undefined || lease.epoch < epoch || lease.released || hasResult || claimer.isValidating(key)) {
      throw refusal('ERR_LEASE_NOT_HELD', key, epoch);
    }
    return lease;
  }

  #isStored(key: BlockKey, epoch: number, { verdict, stateRoot }: ClientResult): boolean {
    const { store, author } = this.#options;
    return store.replica
      .get(key)
      .results.some(
        (known) =>
          known.node === author.node &&
          known.epoch === epoch &&
          known.verdict === verdict &&
          known.stateRoot === stateRoot,
      );
  }

  /** Whether a client that held the block under `epoch` found something else than those who finished it meanwhile. */
  #isContradiction(key: BlockKey, epoch: number, { verdict, stateRoot }: ClientResult): boolean {
    const { results } = this.#options.store.recordToCome(key);
    if (!hasSuccess(results) || this.#leases.get(blockId(key))?.lease.epoch !== epoch) return false;
    return verdict === 'failed' || !results.some((known) => known.stateRoot === stateRoot);
  }

  #view(key: BlockKey): BlockView {
    const { store, sightings } = this.#options;
    const now = this.#now();
    return viewOf(store.replica.get(key), (lease) => sightings.isLive(key, lease, now));
  }

  #now(): { readonly monotonicMs: number; readonly wallMs: number } {
    const { clock } = this.#options;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }
}

const FOUND: Readonly<Record<LeaseErrorCode, string>> = {
  ERR_LEASE_SUPERSEDED: 'a later claim',
  ERR_LEASE_EXPIRED: 'a lease whose time ran out',
  ERR_LEASE_NOT_HELD: 'no lease of a client under this epoch',
  ERR_BLOCK_FINISHED: 'a block that is a success already',
  ERR_TOO_MANY_LEASES: 'one more',
  ERR_TOO_MANY_WAITING: 'one more',
  ERR_NOT_STORED: 'a node that stopped before the disk took it',
};

function refusal(code: LeaseErrorCode, key: BlockKey, epoch: number, winner?: Lease): LeaseError {
  const found = winner === undefined ? FOUND[code] : `a claim of epoch ${winner.epoch} by another`;
  return new LeaseError(
    code,
    { argument: `${blockId(key)} epoch ${epoch}`, expected: 'the lease in force', found },
    winner,
  );
}

function tooManyLeases(): LeaseError {
  const expected = `at most ${CLIENT_LEASES_MAX} blocks held by clients of one node`;
  return new LeaseError('ERR_TOO_MANY_LEASES', { argument: 'leases', expected, found: FOUND.ERR_TOO_MANY_LEASES });
}

/**
 * Decides for each block whether this node claims it, hands the next one out, and runs the validations of its own
 * validator.
 *
 * Invariant: a validation runs only while this node holds the block's lease and the holder's side of the lease rule
 * says so; it is aborted the moment either ends. No more than `validationsMax` run at once.
 */

import { textOf } from '../../crdt/errors.ts';
import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { viewOf, type BlockView } from '../../crdt/block/view.ts';
import { blockId, ZERO_HASH, type BlockId, type BlockKey, type NodeId } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import type { ClockBounds } from '../../crdt/lease/rule.ts';
import type { Clock } from '../../net/clock.ts';
import type { Author } from '../author/author.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { ValidationOutcome, ValidationTask, Validator } from '../validators/validator.ts';
import { decideClaim, failuresIn, retryDelayMs, type ClaimHold, type RetryPolicy } from './decision.ts';
import { EarlierRanks } from './earlier-ranks.ts';
import { HeldLease, type LeaseLoss } from './held-lease.ts';
import { ReadyQueue } from './ready-queue.ts';
import { candidatesAhead } from './rendezvous.ts';

export interface ClaimerOptions {
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly author: Author;
  readonly sightings: LeaseSightings;
  /** Undefined: blocks are claimed for API clients alone, from when the first one asks. */
  readonly validator: Validator | undefined;
  readonly bounds: ClockBounds;
  readonly lockTimeMs: number;
  readonly rankStepMs: () => number;
  /** Why this node claims nothing now; undefined: it may claim. `resume` is called when that changes. */
  readonly claimHold: () => ClaimHold | undefined;
  readonly validationsMax: number;
  /** The epoch of a claim on a block that looks so. */
  readonly claimEpoch: (view: BlockView) => number;
  readonly retry: RetryPolicy;
  /** The nodes that may claim blocks now, besides this one. */
  readonly rivals: () => Iterable<NodeId>;
  /** The block's witness in this node's directory, once it is complete. */
  readonly witnessOf: (key: BlockKey) => ValidationTask['witness'] | undefined;
  /** Blocks without a Success, to be considered when this node begins to claim. */
  readonly unfinished: () => Iterable<BlockKey>;
  /** A block is ready that no validator of this node takes now. */
  readonly onReady: () => void;
  readonly onEvent: (event: ClaimEvent) => void;
}

export type ClaimEvent =
  | { readonly type: 'claimed'; readonly key: BlockKey; readonly epoch: number; readonly reason: string }
  | { readonly type: 'lease-lost'; readonly key: BlockKey; readonly epoch: number; readonly reason: LeaseLoss }
  | { readonly type: 'validated'; readonly key: BlockKey; readonly epoch: number; readonly outcome: ValidationOutcome };

export interface HeldBlock {
  readonly id: BlockId;
  readonly lease: Lease;
}

/** What is remembered of a block between decisions. */
interface Candidate {
  readonly key: BlockKey;
  freeSinceMs: number | undefined;
  claimableSinceMs: number | undefined;
  readonly earlierRanks: EarlierRanks;
  /** Tries of this node that ended in an error rather than a verdict. */
  errors: number;
  cancelTimer: (() => void) | undefined;
}

/** A block that is this node's to claim now. */
export interface NextBlock {
  readonly key: BlockKey;
  readonly view: BlockView;
  readonly witness: ValidationTask['witness'];
  readonly reason: string;
}

export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #candidates = new Map<BlockId, Candidate>();
  readonly #ready = new ReadyQueue();
  readonly #running = new Map<BlockId, HeldLease>();
  /** Since when fewer validations run than may. */
  #roomSinceMs = -Infinity;
  /** Ends the wait for this node's turn at the first ready block. */
  #cancelTurn: (() => void) | undefined;
  readonly #runs = new Set<Promise<void>>();
  #stopped = false;
  /** Whether anybody here wants blocks. */
  #isAttending: boolean;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    this.#isAttending = options.validator !== undefined;
  }

  /** Somebody here wants blocks: from now on they are ranked and made ready. */
  attend(): void {
    if (this.#isAttending) return;
    this.#isAttending = true;
    for (const key of this.#options.unfinished()) this.consider(key);
  }

  get validationsInFlight(): number {
    return this.#running.size;
  }

  get readyCount(): number {
    return this.#ready.size;
  }

  /** What this node believes to hold: it may act on each of these now. */
  heldLeases(): readonly HeldBlock[] {
    const held: HeldBlock[] = [];
    for (const [id, running] of this.#running) if (running.isHeld) held.push({ id, lease: running.lease });
    return held;
  }

  /** Something about the block changed: its record, its witness, who is alive, or the time. */
  consider(key: BlockKey): void {
    if (this.#stopped || !this.#isAttending) return;
    const id = blockId(key);
    const record = this.#options.store.replica.get(key);
    const held = this.#running.get(id);
    if (held !== undefined) {
      held.observe(record);
      return;
    }
    const candidate = this.#candidateOf(key);
    const { decision, rank } = this.#decide(candidate, record);
    candidate.cancelTimer?.();
    candidate.cancelTimer = undefined;
    switch (decision.action) {
      case 'claim':
        this.#ready.put(key, rank);
        this.#fill();
        if (this.#ready.size > 0) this.#options.onReady();
        return;
      case 'wait':
        this.#ready.remove(key);
        candidate.cancelTimer = this.#options.clock.schedule(decision.waitMs, () => this.consider(key));
        return;
      case 'drop':
        this.#ready.remove(key);
        if (decision.reason === 'finished') this.#candidates.delete(id);
        return;
    }
  }

  /** This node may claim again: takes up what waited for that. */
  resume(): void {
    this.#fill();
    if (this.#ready.size > 0) this.#options.onReady();
  }

  /** Takes out the next block that is this node's to claim now, decided again: what it waited for may have happened. */
  takeNext(): NextBlock | undefined {
    while (!this.#stopped && this.#ready.size > 0 && this.claimHold === undefined) {
      const key = this.#ready.take();
      if (key === undefined) return undefined;
      const record = this.#options.store.replica.get(key);
      const { decision } = this.#decide(this.#candidateOf(key), record);
      const witness = this.#options.witnessOf(key);
      if (decision.action === 'claim' && witness !== undefined) {
        return { key, view: this.#view(key, record), witness, reason: decision.reason };
      }
      this.consider(key);
    }
    return undefined;
  }

  /** Why this node claims nothing now; undefined: it may claim. */
  get claimHold(): ClaimHold | undefined {
    return this.#options.claimHold();
  }

  /** Whether this node's own validator is at work on the block. */
  isValidating(key: BlockKey): boolean {
    return this.#running.has(blockId(key));
  }

  /** How long a free block is still to be left alone after tries that did not succeed. */
  backoffLeftMs(key: BlockKey): number {
    const candidate = this.#candidateOf(key);
    const record = this.#options.store.replica.get(key);
    this.#noteFreedom(candidate, this.#view(key, record).status);
    const freeForMs = this.#options.clock.monotonicMs() - (candidate.freeSinceMs ?? 0);
    return Math.max(0, this.#backoffMs(candidate, record) - freeForMs);
  }

  /** A client had the block and came to no verdict. */
  noteNoVerdict(key: BlockKey): void {
    this.#candidateOf(key).errors++;
    this.consider(key);
  }

  /** Aborts what runs, gives its leases up, and waits for the validators to end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTurn?.();
    for (const candidate of this.#candidates.values()) candidate.cancelTimer?.();
    for (const held of this.#running.values()) held.abandon('stopping');
    await Promise.all(this.#runs);
  }

  #candidateOf(key: BlockKey): Candidate {
    const id = blockId(key);
    let candidate = this.#candidates.get(id);
    if (candidate === undefined) {
      candidate = {
        key,
        freeSinceMs: undefined,
        claimableSinceMs: undefined,
        earlierRanks: new EarlierRanks(),
        errors: 0,
        cancelTimer: undefined,
      };
      this.#candidates.set(id, candidate);
    }
    return candidate;
  }

  #decide(candidate: Candidate, record: BlockRecord): { decision: ReturnType<typeof decideClaim>; rank: number } {
    const { clock, sightings, author, rivals, rankStepMs, witnessOf, retry } = this.#options;
    const { key } = candidate;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const view = viewOf(record, (lease) => sightings.isLive(key, lease, now));
    const holdsWitness = witnessOf(key) !== undefined;
    this.#noteFreedom(candidate, view.status);
    if (view.status === 'processing' || !holdsWitness) candidate.claimableSinceMs = undefined;
    else candidate.claimableSinceMs ??= now.monotonicMs;
    const ahead = candidatesAhead(author.node, key, rivals());
    const earlier = candidate.earlierRanks.look(ahead, record.holders, now.monotonicMs);
    const decision = decideClaim({
      status: view.status,
      holdsWitness,
      ...earlier,
      rankStepMs: rankStepMs(),
      freeForMs: now.monotonicMs - (candidate.freeSinceMs ?? now.monotonicMs),
      claimableForMs: now.monotonicMs - (candidate.claimableSinceMs ?? now.monotonicMs),
      backoffMs: this.#backoffMs(candidate, record),
      failures: failuresIn(record.results),
      failuresMax: retry.failuresMax,
      leaseRemainingMs: view.lease === undefined ? 0 : sightings.remainingMs(key, view.lease, now),
    });
    return { decision, rank: earlier.rank };
  }

  #noteFreedom(candidate: Candidate, status: BlockView['status']): void {
    if (status === 'processing') candidate.freeSinceMs = undefined;
    else candidate.freeSinceMs ??= this.#options.clock.monotonicMs();
  }

  #backoffMs(candidate: Candidate, record: BlockRecord): number {
    return retryDelayMs(failuresIn(record.results) + candidate.errors, this.#options.retry);
  }

  /** Claims ready blocks while validators are free. */
  #fill(): void {
    const { validator, validationsMax } = this.#options;
    if (validator === undefined) return;
    this.#cancelTurn?.();
    // Asked first: the answer may change by being asked for, which resumes, and so fills, before it comes back.
    while (this.claimHold === undefined && this.#running.size < validationsMax) {
      const turnInMs = this.#turnInMs();
      if (turnInMs > 0) {
        this.#cancelTurn = this.#options.clock.schedule(turnInMs, () => this.#fill());
        return;
      }
      const next = this.takeNext();
      if (next === undefined) return;
      this.#start(next, validator);
    }
  }

  /**
   * Until this node may take the first block that is ready. All nodes' turns for a block pass while all are at their limit,
   * and some come to be free at one moment: then each gives the earlier ranks their time once more.
   */
  #turnInMs(): number {
    const { clock, rankStepMs } = this.#options;
    return (this.#ready.firstRank ?? 0) * rankStepMs() - (clock.monotonicMs() - this.#roomSinceMs);
  }

  #view(key: BlockKey, record: BlockRecord): BlockView {
    const { clock, sightings } = this.#options;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    return viewOf(record, (lease) => sightings.isLive(key, lease, now));
  }

  #start({ key, view, witness, reason }: NextBlock, validator: Validator): void {
    const { author, lockTimeMs, clock, bounds, store, claimEpoch, validationsMax } = this.#options;
    const candidate = this.#candidateOf(key);
    const lease = author.claim(key, claimEpoch(view), lockTimeMs);
    const held = new HeldLease({
      key,
      lease,
      clock,
      bounds,
      author,
      renewsItself: true,
      publish: (renewed) => this.#publish(key, renewed),
    });
    this.#running.set(blockId(key), held);
    candidate.freeSinceMs = undefined;
    candidate.claimableSinceMs = undefined;
    this.#options.onEvent({ type: 'claimed', key, epoch: lease.epoch, reason });
    store.merge({ key, record: recordOf({ lease }) }, 'local');
    const run = this.#validate(candidate, held, witness, validator).finally(() => {
      this.#runs.delete(run);
      if (this.#running.size === validationsMax) this.#roomSinceMs = clock.monotonicMs();
      this.#running.delete(blockId(key));
      held.end();
      this.consider(key);
      this.#fill();
    });
    this.#runs.add(run);
  }

  #publish(key: BlockKey, lease: HeldLease['lease']): void {
    this.#options.store.merge({ key, record: recordOf({ lease }) }, 'local');
  }

  async #validate(
    candidate: Candidate,
    held: HeldLease,
    witness: ValidationTask['witness'],
    validator: Validator,
  ): Promise<void> {
    const { store, author, onEvent } = this.#options;
    const { key } = candidate;
    const { epoch } = held.lease;
    const outcome = await runValidator(validator, { key, epoch, witness }, held.signal);
    if (held.loss !== undefined) {
      onEvent({ type: 'lease-lost', key, epoch, reason: held.loss });
      if (held.loss === 'stopping') held.release();
      return;
    }
    // A result that the disk does not take must not keep the block from the others.
    held.end();
    onEvent({ type: 'validated', key, epoch, outcome });
    if (outcome.kind === 'error') {
      candidate.errors++;
      held.release();
      return;
    }
    const { results } = store.recordToCome(key);
    const verdict = outcome.kind;
    const result = author.result(key, results, verdict, outcome.stateRoot ?? ZERO_HASH, epoch);
    await store.commit({ key, record: recordOf({ results: [result] }) });
  }
}

/** A validator that throws has found nothing out about the block. */
async function runValidator(
  validator: Validator,
  task: ValidationTask,
  signal: AbortSignal,
): Promise<ValidationOutcome> {
  try {
    return await validator.validate(task, signal);
  } catch (error) {
    return { kind: 'error', reason: textOf(error) };
  }
}

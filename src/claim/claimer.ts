/**
 * Decides for each block whether this node validates it, and runs the validations it claimed.
 *
 * Invariant: a validation runs only while this node holds the block's lease and the holder's side of the lease rule
 * says so; it is aborted the moment either ends. No more than `validationsMax` run at once.
 */

import { liveHolders } from '../../crdt/block/holders.ts';
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
import { decideClaim, failuresIn, retryDelayMs } from './decision.ts';
import { HeldLease, type LeaseLoss } from './held-lease.ts';
import { ReadyQueue } from './ready-queue.ts';
import { candidatesAhead } from './rendezvous.ts';

export interface ClaimerOptions {
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly author: Author;
  readonly sightings: LeaseSightings;
  readonly validator: Validator;
  readonly bounds: ClockBounds;
  readonly lockTimeMs: number;
  readonly rankStepMs: () => number;
  /** Whether this node's clock lets it claim now; `resume` is called when that changes. */
  readonly mayClaim: () => boolean;
  readonly validationsMax: number;
  /** The epoch of a claim on a block that looks so. */
  readonly claimEpoch: (view: BlockView) => number;
  /** The nodes that may claim blocks now, besides this one. */
  readonly rivals: () => Iterable<NodeId>;
  /** The block's witness in this node's directory, once it is complete. */
  readonly witnessOf: (key: BlockKey) => ValidationTask['witness'] | undefined;
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
  claimableSinceMs: number | undefined;
  /** How many earlier ranks were last seen to hold the witness, and since when it has not been fewer. */
  earlierHolders: number;
  earlierHoldersSinceMs: number;
  /** Tries of this node that ended in an error rather than a verdict. */
  errors: number;
  cancelTimer: (() => void) | undefined;
}

export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #candidates = new Map<BlockId, Candidate>();
  readonly #ready = new ReadyQueue();
  readonly #running = new Map<BlockId, HeldLease>();
  readonly #runs = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: ClaimerOptions) {
    this.#options = options;
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
    if (this.#stopped) return;
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
  }

  /** Aborts what runs, gives its leases up, and waits for the validators to end. */
  async stop(): Promise<void> {
    this.#stopped = true;
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
        claimableSinceMs: undefined,
        earlierHolders: 0,
        earlierHoldersSinceMs: -Infinity,
        errors: 0,
        cancelTimer: undefined,
      };
      this.#candidates.set(id, candidate);
    }
    return candidate;
  }

  #decide(candidate: Candidate, record: BlockRecord): { decision: ReturnType<typeof decideClaim>; rank: number } {
    const { clock, sightings, author, rivals, rankStepMs, witnessOf } = this.#options;
    const { key } = candidate;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const view = viewOf(record, (lease) => sightings.isLive(key, lease, now));
    const holdsWitness = witnessOf(key) !== undefined;
    if (view.status === 'processing' || !holdsWitness) candidate.claimableSinceMs = undefined;
    else candidate.claimableSinceMs ??= now.monotonicMs;
    const ahead = candidatesAhead(author.node, key, rivals());
    const rank = ahead.length;
    const holders = new Set(liveHolders(record.holders));
    const earlierHolders = ahead.filter((node) => holders.has(node)).length;
    if (earlierHolders > candidate.earlierHolders) candidate.earlierHoldersSinceMs = now.monotonicMs;
    candidate.earlierHolders = earlierHolders;
    const failures = failuresIn(record.results);
    const decision = decideClaim({
      status: view.status,
      holdsWitness,
      rank,
      rankStepMs: rankStepMs(),
      claimableForMs: now.monotonicMs - (candidate.claimableSinceMs ?? now.monotonicMs),
      backoffMs: retryDelayMs(failures + candidate.errors),
      earlierRankFetches: earlierHolders < rank,
      earlierRanksHoldForMs: now.monotonicMs - candidate.earlierHoldersSinceMs,
      failures,
      leaseRemainingMs: view.lease === undefined ? 0 : sightings.remainingMs(key, view.lease, now),
    });
    return { decision, rank };
  }

  /** Claims ready blocks while validators are free. Each is decided again: what it waited for may have happened. */
  #fill(): void {
    // Asked first: the answer may change by being asked for, which resumes, and so fills, before it comes back.
    while (!this.#stopped && this.#ready.size > 0 && this.#options.mayClaim()) {
      if (this.#running.size >= this.#options.validationsMax) return;
      const key = this.#ready.take();
      if (key === undefined) return;
      const record = this.#options.store.replica.get(key);
      const candidate = this.#candidateOf(key);
      const { decision } = this.#decide(candidate, record);
      const witness = this.#options.witnessOf(key);
      if (decision.action !== 'claim' || witness === undefined) {
        this.consider(key);
        continue;
      }
      this.#start(candidate, this.#view(key, record), witness, decision.reason);
    }
  }

  #view(key: BlockKey, record: BlockRecord): BlockView {
    const { clock, sightings } = this.#options;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    return viewOf(record, (lease) => sightings.isLive(key, lease, now));
  }

  #start(candidate: Candidate, view: BlockView, witness: ValidationTask['witness'], reason: string): void {
    const { author, lockTimeMs, clock, bounds, store, claimEpoch } = this.#options;
    const { key } = candidate;
    const lease = author.claim(key, claimEpoch(view), lockTimeMs);
    const held = new HeldLease({
      key,
      lease,
      clock,
      bounds,
      author,
      publish: (renewed) => this.#publish(key, renewed),
    });
    this.#running.set(blockId(key), held);
    candidate.claimableSinceMs = undefined;
    this.#options.onEvent({ type: 'claimed', key, epoch: lease.epoch, reason });
    store.merge({ key, record: recordOf({ lease }) }, 'local');
    const run = this.#validate(candidate, held, witness).finally(() => {
      this.#runs.delete(run);
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

  async #validate(candidate: Candidate, held: HeldLease, witness: ValidationTask['witness']): Promise<void> {
    const { validator, store, author, onEvent } = this.#options;
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
    return { kind: 'error', reason: error instanceof Error ? error.message : String(error) };
  }
}
